-- Orders. A slot is an order before it has a place in time.

create temp table demo_order on commit drop as
with slots as (
    select
        shop.number as shop_number,
        shop.timezone,
        shop.first_customer,
        shop.customers,
        slot,
        width_bucket(pg_temp.chance(slot, 'offer'), shop.offer_thresholds) as position
    from demo_shop as shop
    cross join generate_series(shop.first_slot, shop.first_slot + shop.orders - 1) as slot
),

-- A third of an offer's orders come in the first two days, the others in a tail that decays over
-- some 40 days, cut off where the sale ends.
aged as (
    select
        slots.*,
        offer.launch_day,
        offer.launch_second,
        offer.due_day + offer.wave_days * pg_temp.draw(slot, 'wave', 3) as due_on,
        offer.is_undated or pg_temp.chance(slot, 'undated') < 0.02 as is_undated,
        floor(
            case
                when pg_temp.chance(slot, 'spike') < 0.35
                    then least(pg_temp.wait(slot, 'age', 0.6), offer.days_on_sale - 0.01)
                else -40 * ln(1 - pg_temp.chance(slot, 'age') * (1 - exp(-offer.days_on_sale / 40)))
            end
        )::int as age
    from slots
    inner join demo_offer as offer using (shop_number, position)
),

clocked as (
    select
        *,
        case
            -- The first day starts at the launch, with a rush.
            when age = 0
                then launch_second + (86399 - launch_second) * power(pg_temp.chance(slot, 'second'), 2)
            -- Within two minutes of midnight: where a day taken in the wrong timezone shows.
            when pg_temp.chance(slot, 'hour') < 0.02
                then mod(86280 + pg_temp.draw(slot, 'second', 240), 86400) + pg_temp.chance(slot, 'fraction')
            when pg_temp.chance(slot, 'hour') < 0.12 then 86400 * pg_temp.chance(slot, 'second')
            else 25200 + 30600 * (pg_temp.chance(slot, 'second') + pg_temp.chance(slot, 'fraction'))
        end * interval '1 second' as time_of_day
    from aged
),

placed as (
    select
        *,
        -- The last local day is not over at the horizon: what would come later came a day earlier.
        (
            launch_day + age + time_of_day
            - case
                when (launch_day + age + time_of_day) at time zone timezone >= %(horizon)s::timestamptz
                    then interval '1 day' else interval '0'
            end
        ) at time zone timezone as placed_at
    from clocked
),

ended as (
    select
        *,
        pg_temp.chance(slot, 'declines') < 0.012 as is_declining,
        case
            when pg_temp.chance(slot, 'declines') < 0.012 then 'declined'
            when pg_temp.chance(slot, 'cancel') < 0.038
                then (array[
                    'customer', 'customer', 'customer', 'customer', 'customer', 'customer', 'inventory',
                    'inventory', 'fraud', 'fraud', 'other', 'staff', null
                ])[1 + pg_temp.draw(slot, 'reason', 13)]
        end as cancel_reason,
        -- Whoever declines is cancelled when the last attempt to charge has failed (payments.sql: day 6).
        case
            when pg_temp.chance(slot, 'declines') < 0.012
                then case
                    when not is_undated then (due_on + interval '9 days 11 hours') at time zone timezone
                end
            when pg_temp.chance(slot, 'cancel') < 0.038
                then placed_at + interval '40 minutes'
                    + pg_temp.wait(slot, 'cancel wait', 14) * interval '1 day'
        end as cancelled_at,
        case
            when pg_temp.chance(slot, 'delete') < 0.004
                then placed_at + interval '1 hour' + pg_temp.wait(slot, 'delete wait', 30) * interval '1 hour'
        end as deleted_at
    from placed
)

select
    %(first_order_id)s - 1 + row_number() over (order by ended.placed_at, slot) as id,
    1000 + row_number() over (partition by ended.shop_number order by ended.placed_at, slot) as name_number,
    slot,
    ended.shop_number,
    ended.position,
    -- Further lines may be of the offer launched before, if that is still on sale.
    case
        when pg_temp.chance(slot, 'second offer') < 0.3 and companion.last_sale_day >= ended.launch_day + age
            then companion.position
        else ended.position
    end as second_position,
    case when ended.is_undated then null else due_on end as due_on,
    ended.placed_at,
    is_declining,
    case when pg_temp.chance(slot, 'guest') >= 0.03
        then first_customer + floor(customers * power(pg_temp.chance(slot, 'customer'), 1.4))::int
    end as customer_id,
    case when pg_temp.chance(slot, 'market') >= 0.1
        then (ended.shop_number - 1) * 3 + least(3, 1 + floor(pg_temp.wait(slot, 'which market', 1)))::int
    end as market_id,
    pg_temp.chance(slot, 'test') < 0.005 as test,
    case when cancelled_at < %(horizon)s then cancelled_at end as cancelled_at,
    case when cancelled_at < %(horizon)s then cancel_reason end as cancel_reason,
    case when deleted_at < %(horizon)s then deleted_at end as deleted_at
from ended
left join demo_offer as companion
    on ended.shop_number = companion.shop_number and ended.position - 1 = companion.position;

-- The slices of lines and payments are ranges of orders.
create index on demo_order (id);
analyze demo_order;

insert into app.orders
    (
        id, shop_id, name, customer_id, market_id, currency, test, placed_at, cancelled_at, cancel_reason,
        deleted_at, updated_at
    )
select
    demo_order.id,
    shop.id,
    '#' || demo_order.name_number,
    demo_order.customer_id,
    demo_order.market_id,
    shop.currency,
    demo_order.test,
    demo_order.placed_at,
    demo_order.cancelled_at,
    demo_order.cancel_reason,
    demo_order.deleted_at,
    greatest(demo_order.placed_at, demo_order.cancelled_at, demo_order.deleted_at)
from demo_order
inner join demo_shop as shop on demo_order.shop_number = shop.number
order by demo_order.id;
