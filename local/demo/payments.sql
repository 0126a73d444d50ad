-- Payments, for a slice of orders: deposits when the order is placed, balances when they fall due.

insert into app.payments
    (id, shop_id, order_id, order_line_id, portion, status, amount, processed_at, updated_at)
with lines as (
    select
        order_lines.id,
        order_lines.shop_id,
        order_lines.order_id,
        order_lines.deposit,
        order_lines.balance,
        order_lines.balance_due_on,
        demo_order.placed_at,
        demo_order.is_declining,
        shop.timezone,
        least(demo_order.cancelled_at, demo_order.deleted_at, %(horizon)s) as ended_at
    from app.order_lines
    inner join demo_order on order_lines.order_id = demo_order.id
    inner join demo_shop as shop on demo_order.shop_number = shop.number
    where order_lines.order_id between %(first_order)s and %(last_order)s
),

-- A bank transfer of the last days is still under way; there is nothing to see of it yet but the row.
deposits as (
    select
        lines.*,
        pg_temp.chance(id, 'transfer') < 0.03
        and placed_at > %(horizon)s::timestamptz - interval '10 days' as is_pending,
        case when pg_temp.chance(id, 'deposit') < 0.03 then 2 else 1 end as attempts
    from lines
    where deposit > 0
),

-- A failed deposit is repeated within a quarter of an hour, and then succeeds.
deposit_payments as (
    select
        deposits.*,
        attempt,
        case
            when is_pending then 'pending'
            when attempt < attempts then 'failed'
            else 'succeeded'
        end as status,
        placed_at + (
            2 + 30 * pg_temp.chance(id, 'deposit second')
            + (attempt - 1) * (60 + 800 * pg_temp.chance(id, 'deposit retry'))
        ) * interval '1 second' as processed_at
    from deposits
    cross join lateral generate_series(1, case when is_pending then 1 else attempts end) as attempt
),

-- One balance in ten fails at first and is tried again 1, 3 and 6 days later. The bucket is the attempt
-- that succeeds: in the fifth none does, and the money stays outstanding.
balances as (
    select
        lines.*,
        case
            when is_declining then 5
            else width_bucket(pg_temp.chance(id, 'balance'), array[0, 0.9, 0.95, 0.975, 0.988])
        end as succeeds_at
    from lines
    where balance > 0 and balance_due_on <= %(horizon)s::timestamptz
),

balance_payments as (
    select
        balances.*,
        attempt,
        case when attempt = succeeds_at then 'succeeded' else 'failed' end as status,
        (
            balance_due_on + (array[0, 1, 3, 6])[attempt]
            + (6 + 5 * pg_temp.chance(id * 4 + attempt, 'balance hour')) * interval '1 hour'
        ) at time zone timezone as processed_at
    from balances
    cross join lateral generate_series(1, least(succeeds_at, 4)) as attempt
),

payments as (
    select
        id, shop_id, order_id, attempt, 'deposit' as portion, status, deposit as amount,
        case when status <> 'pending' then processed_at end as processed_at,
        case when status = 'pending' then placed_at else processed_at end as updated_at
    from deposit_payments
    where processed_at < %(horizon)s
    union all
    select
        id, shop_id, order_id, attempt, 'balance', status, balance,
        processed_at,
        processed_at
    from balance_payments
    where processed_at < ended_at
    union all
    -- Scheduled ahead of its due date, on the last day of the history.
    select
        id, shop_id, order_id, 1, 'balance', 'pending', balance,
        null,
        greatest(placed_at, %(horizon)s::timestamptz - pg_temp.chance(id, 'scheduled') * interval '1 day')
    from lines
    where
        balance > 0
        and ended_at = %(horizon)s
        and balance_due_on > %(horizon)s::timestamptz + interval '1 day'
        and balance_due_on < %(horizon)s::timestamptz + interval '45 days'
        and pg_temp.chance(id, 'scheduling') < 0.02
)

select
    coalesce((select max(id) from app.payments), 9000000000)
    + row_number() over (order by id, portion desc, attempt),
    shop_id,
    order_id,
    id,
    portion,
    status,
    amount,
    processed_at,
    updated_at
from payments
order by id, portion desc, attempt;
