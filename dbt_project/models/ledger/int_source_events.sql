with

order_lines as (

    select * from {{ ref('stg_preorders__order_lines') }}

),

orders as (

    select * from {{ ref('stg_preorders__orders') }}

),

shops as (

    select * from {{ ref('int_shops_frozen') }}

),

currencies as (

    select * from {{ ref('stg_preorders__currencies') }}

),

payments as (

    select * from {{ ref('stg_preorders__payments') }}

),

refunds as (

    select * from {{ ref('stg_preorders__refunds') }}

),

lines_settled as (

    select
        order_lines.order_line_id,
        order_lines.total,
        orders.shop_id,
        orders.order_id,
        orders.placed_at,
        orders.cancelled_at,
        shops.timezone,
        currencies.minor_per_major
    from order_lines
    inner join orders on order_lines.order_id = orders.order_id
    inner join shops on orders.shop_id = shops.shop_id
    inner join currencies on orders.currency = currencies.currency
    where orders.is_counted and shops.is_computable

)

select
    lines_settled.shop_id,
    lines_settled.order_id,
    events.entry,
    (events.occurred_at at time zone lines_settled.timezone)::date as day,
    {{ minor_units('events.amount', 'lines_settled.minor_per_major') }} as amount_minor
from lines_settled
cross join lateral (
    select
        'placed' as entry,
        lines_settled.placed_at as occurred_at,
        lines_settled.total as amount
    union all
    select
        'cancelled',
        lines_settled.cancelled_at,
        lines_settled.total
    where lines_settled.cancelled_at is not null
    union all
    select
        case
            when payments.portion = 'deposit' then 'deposit_collected'
            when payments.status = 'succeeded' then 'balance_collected'
            else 'balance_failed'
        end,
        payments.processed_at,
        payments.amount
    from payments
    where
        payments.order_line_id = lines_settled.order_line_id
        and payments.processed_at is not null
        and (payments.status = 'succeeded' or (payments.status = 'failed' and payments.portion = 'balance'))
    union all
    select
        'refunded',
        refunds.refunded_at,
        refunds.amount
    from refunds
    where refunds.order_line_id = lines_settled.order_line_id
) as events
