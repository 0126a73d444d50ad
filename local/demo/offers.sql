-- Offers and the variants attached to them.

insert into app.offers (id, shop_id, name, status, discarded_at, created_at, updated_at)
select
    offer.id,
    shop.id,
    case
        when offer.is_draft then 'Next season'
        else to_char(offer.launch_day, 'FMMonth YYYY') || ' preorder ' || offer.position
    end,
    case when offer.is_draft then 'draft' when offer.is_closed then 'closed' else 'active' end,
    offer.discarded_at,
    offer.created_at,
    greatest(
        offer.created_at,
        offer.discarded_at,
        case
            when offer.is_closed
                then (offer.last_sale_day + interval '23 hours 50 minutes') at time zone offer.timezone
            when not offer.is_draft
                then (
                    offer.launch_day + offer.launch_second * interval '1 second'
                ) at time zone offer.timezone
        end
    )
from demo_offer as offer
inner join demo_shop as shop on offer.shop_number = shop.number
order by offer.shop_number, offer.position;

insert into app.offer_variants (offer_id, variant_id, shop_id, attached_at, detached_at, updated_at)
select
    offer.id,
    variant_id,
    shop.id,
    offer.created_at + place * interval '20 seconds',
    case when place = cardinality(offer.variant_ids) then offer.detached_at end,
    case
        when place = cardinality(offer.variant_ids) and offer.detached_at is not null then offer.detached_at
        else offer.created_at + place * interval '20 seconds'
    end
from demo_offer as offer
inner join demo_shop as shop on offer.shop_number = shop.number
cross join unnest(offer.variant_ids) with ordinality as attached (variant_id, place)
order by offer.shop_number, offer.position, place;
