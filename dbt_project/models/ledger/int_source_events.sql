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
        order_lines.offer_id,
        order_lines.product_id,
        order_lines.variant_id,
        order_lines.balance_due_on,
        order_lines.quantity,
        order_lines.total,
        order_lines.deposit,
        orders.shop_id,
        orders.order_id,
        orders.market_id,
        orders.customer_id,
        orders.cancel_reason,
        orders.placed_at,
        orders.cancelled_at,
        orders.currency = shops.currency as is_shop_currency,
        {{ day_timezone('shops.timezone') }} as timezone,
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
    lines_settled.order_line_id,
    events.entry_id,
    events.entry,
    (events.occurred_at at time zone lines_settled.timezone)::date as day,
    {{ minor_units('events.amount', 'lines_settled.minor_per_major') }} as amount_minor,
    lines_settled.offer_id,
    lines_settled.product_id,
    lines_settled.variant_id,
    lines_settled.market_id,
    lines_settled.customer_id,
    lines_settled.cancel_reason,
    lines_settled.balance_due_on,
    events.occurred_at,
    case when events.entry in ('placed', 'cancelled') then lines_settled.quantity else 0 end as quantity,
    -- the ledger keeps what reports show, and deposits, in the currencies of reports alone
    case
        when lines_settled.is_shop_currency
            then {{ minor_units('events.amount', 'lines_settled.minor_per_major') }}
        else 0
    end as shown_minor,
    case
        when events.entry = 'placed' and lines_settled.is_shop_currency
            then {{ minor_units('lines_settled.deposit', 'lines_settled.minor_per_major') }}
        else 0
    end as deposit_minor
from lines_settled
cross join lateral (
    select
        'placed' as entry,
        lines_settled.order_line_id as entry_id,
        lines_settled.placed_at as occurred_at,
        lines_settled.total as amount
    union all
    select
        'cancelled',
        lines_settled.order_line_id,
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
        payments.payment_id,
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
        refunds.refund_id,
        refunds.refunded_at,
        refunds.amount
    from refunds
    where refunds.order_line_id = lines_settled.order_line_id
) as events
