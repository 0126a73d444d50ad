-- When each offer is launched, sold, discarded and due. Its days are dates in the shop's timezone.

-- One launch about every 45 days, and behind them (position = launches + 1) a draft that never sold.
create temp table demo_offer on commit drop as
with positions as (
    select
        shop.number as shop_number,
        shop.timezone,
        position,
        shop.number * 10000 + position as offer_number,
        launches,
        position > launches as is_draft,
        (%(horizon)s::timestamptz at time zone shop.timezone)::date as today
    from demo_shop as shop
    cross join greatest(3, %(days)s / 45) as launches
    cross join generate_series(1, launches + 1) as position
),

launched as (
    select
        *,
        -- The first launch opens the history, the last is some 10 days old: today's reports show a spike.
        -- All but the first stray from their even spacing by some days.
        %(first_day)s::date + (position - 1) * (%(days)s - 16) / (launches - 1)
        + case when position > 1 then pg_temp.draw(offer_number, 'launch day', 8) else 0 end as launch_day,
        9 * 3600 + pg_temp.draw(offer_number, 'launch hour', 6) * 1800 as launch_second
    from positions
),

planned as (
    select
        *,
        launch_day + 75 + pg_temp.draw(offer_number, 'due day', 120) as due_day
    from launched
),

discarded as (
    select
        *,
        -- Some are given up in the middle of selling, others are tidied away when all is delivered.
        case
            when is_draft then null
            when mod(position, 5) = 3 and launch_day + 30 < today - 1 then launch_day + 30
            when mod(position, 5) = 0 and due_day + 15 < today - 1 then due_day + 15
        end as discard_day
    from planned
),

closed as (
    select
        *,
        least(due_day - 10, today, discard_day - 1) as last_sale_day
    from discarded
)

select
    md5('offer ' || offer_number || ' ' || (%(seed)s)::text)::uuid as id,
    shop_number,
    timezone,
    position,
    is_draft,
    launch_day,
    launch_second,
    last_sale_day,
    (last_sale_day - launch_day + 1)::float8 as days_on_sale,
    due_day,
    -- Delivered, and so charged, in up to three waves; or with no date announced at all.
    case when mod(position, 2) = 0 then 14 else 0 end as wave_days,
    mod(position, 9) = 6 as is_undated,
    (array['percent', 'fixed', 'none', 'full'])[1 + mod(position + shop_number - 2, 4)] as deposit_rule,
    last_sale_day < today as is_closed,
    (discard_day + interval '15 hours') at time zone timezone as discarded_at,
    case
        when is_draft then %(horizon)s::timestamptz - interval '4 days'
        else (
            launch_day - 4 + pg_temp.chance(offer_number, 'created') * interval '20 hours'
        ) at time zone timezone
    end as created_at,
    -- Neighbouring launches share a product, so that its variants are in two offers at once.
    array(
        select variant.id
        from demo_variant as variant
        inner join demo_product as product on variant.product_id = product.id
        where
            product.shop_number = closed.shop_number
            and mod(product.id - 1, 8) in (mod(position, 8), mod(position + 1, 8))
        order by mod(product.id - 1, 8) = mod(position + 1, 8), variant.id
    ) as variant_ids,
    -- The last variant of every third offer sells out half way.
    case
        when mod(position, 3) = 1 and not is_draft
            then (launch_day + (last_sale_day - launch_day) / 2 + interval '12 hours') at time zone timezone
    end as detached_at
from closed;

-- An offer still on sale has had less of its tail: without this, recent launches would all look like hits.
-- Weights are numeric, because the sum of floats depends on the order in which they are added.
with weights as (
    select
        shop_number,
        position,
        (
            (0.4 + pg_temp.chance(shop_number * 10000 + position, 'popularity'))
            * (0.35 + 0.65 * (1 - exp(-days_on_sale / 40)))
        )::numeric(9, 6) as weight
    from demo_offer
    where not is_draft
),

sums as (
    select
        shop_number,
        position,
        sum(weight) over (partition by shop_number order by position) - weight as preceding,
        sum(weight) over (partition by shop_number) as overall
    from weights
),

shares as (
    select
        shop_number,
        array_agg((preceding / overall)::float8 order by position) as thresholds
    from sums
    group by shop_number
)

update demo_shop
set offer_thresholds = shares.thresholds
from shares
where demo_shop.number = shares.shop_number;

analyze demo_shop, demo_offer, demo_variant;
