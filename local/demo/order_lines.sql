-- Order lines, for a slice of orders. Amounts are whole minor units until the last step: an integer
-- times the currency's unit has exactly the currency's decimals.

insert into app.order_lines
    (
        id, shop_id, order_id, offer_id, product_id, variant_id, quantity, total, deposit, balance,
        balance_due_on, updated_at
    )
with lines as (
    select
        demo_order.*,
        place,
        demo_order.id * 4 + place as line_number,
        case when place = 1 then demo_order.position else second_position end as line_position
    from demo_order
    cross join lateral generate_series(
        1,
        case
            when pg_temp.chance(demo_order.id, 'lines') < 0.78 then 1
            when pg_temp.chance(demo_order.id, 'lines') < 0.95 then 2
            else 3
        end
    ) as place
    where demo_order.id between %(first_order)s and %(last_order)s
),

offered as (
    select
        lines.*,
        offer.id as offer_id,
        offer.deposit_rule,
        case
            when line_position = lines.position then due_on
            when not offer.is_undated then offer.due_day
        end as line_due_on,
        -- Consecutive variants, so that the lines of an order differ; the detached one is the last.
        offer.variant_ids[
            1 + mod(
                pg_temp.draw(lines.id, 'variant', 6) + place - 1,
                cardinality(offer.variant_ids) - coalesce(offer.detached_at <= placed_at, false)::int
            )
        ] as variant_id,
        case
            when pg_temp.chance(line_number, 'quantity') < 0.82 then 1
            when pg_temp.chance(line_number, 'quantity') < 0.95 then 2
            else 3 + pg_temp.draw(line_number, 'many', 3)
        end as quantity
    from lines
    inner join demo_offer as offer
        on lines.shop_number = offer.shop_number and lines.line_position = offer.position
),

priced as (
    select
        offered.*,
        variant.product_id,
        -- One line in eight has a tenth off.
        case
            when pg_temp.chance(line_number, 'discount') < 0.125 then (price_minor * quantity * 9 + 5) / 10
            else price_minor * quantity
        end as total_minor
    from offered
    inner join demo_variant as variant on offered.variant_id = variant.id
),

split as (
    select
        priced.*,
        shop.id as shop_id,
        shop.unit,
        case deposit_rule
            when 'percent' then (total_minor * 20 + 50) / 100
            when 'fixed' then least(shop.fixed_deposit * quantity, total_minor)
            when 'full' then total_minor
            else 0
        end as deposit_minor
    from priced
    inner join demo_shop as shop on priced.shop_number = shop.number
)

select
    coalesce((select max(id) from app.order_lines), 7000000000) + row_number() over (order by id, place),
    shop_id,
    id,
    offer_id,
    product_id,
    variant_id,
    quantity,
    total_minor * unit,
    deposit_minor * unit,
    (total_minor - deposit_minor) * unit,
    case when total_minor > deposit_minor then line_due_on end,
    -- A few lines were edited within the day.
    case
        when pg_temp.chance(line_number, 'edit') < 0.03
            then least(placed_at + pg_temp.chance(line_number, 'edit hour') * interval '1 day', %(horizon)s)
        else placed_at
    end
from split
order by id, place;
