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

orders_changed as (

    select * from {{ ref('int_orders_changed') }}

),

lines_counted as (

    select
        order_lines.order_line_id,
        order_lines.order_id,
        orders.shop_id,
        orders.customer_id,
        orders.market_id,
        order_lines.offer_id,
        order_lines.product_id,
        order_lines.variant_id,

        orders.currency as order_currency,
        {{ day_timezone('shops.timezone') }} as timezone,
        orders.cancel_reason,

        order_lines.quantity,
        currencies.minor_per_major as order_minor_per_major,
        {{ minor_units('order_lines.total', 'currencies.minor_per_major') }} as total_minor,
        {{ minor_units('order_lines.deposit', 'currencies.minor_per_major') }} as deposit_minor,

        order_lines.balance_due_on,
        orders.placed_at,
        orders.cancelled_at
    from orders_changed
    inner join orders on orders_changed.order_id = orders.order_id
    inner join order_lines on orders.order_id = order_lines.order_id
    inner join shops on orders.shop_id = shops.shop_id
    -- left: a currency that ISO 4217 doesn't know must hold back its shop, not lose the line
    left join currencies on orders.currency = currencies.currency
    where orders.is_counted and shops.is_computable

)

select
    *,
    total_minor - deposit_minor as balance_minor,
    (placed_at at time zone timezone)::date as placed_on
from lines_counted
