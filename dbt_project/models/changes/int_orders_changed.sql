{{ config(indexes=[{'columns': ['order_id'], 'unique': true}]) }}

-- depends_on: {{ ref('int_build_snapshot') }}
{% set ledger = adapter.get_relation(target.database, target.schema, 'fct_ledger') %}
with

orders as (

    select * from {{ ref('stg_preorders__orders') }}

),

{% if flags.FULL_REFRESH or ledger is none %}
changed as (

    select orders.order_id from orders

)
{% else %}
order_lines as (

    select * from {{ ref('stg_preorders__order_lines') }}

),

payments as (

    select * from {{ ref('stg_preorders__payments') }}

),

refunds as (

    select * from {{ ref('stg_preorders__refunds') }}

),

shops as (

    select * from {{ ref('stg_preorders__shops') }}

),

fx_rates as (

    select * from {{ ref('stg_preorders__fx_rates') }}

),

-- Not a ref: it is what the last build left, and this model comes before the new one.
ledger as (

    select * from {{ ledger }}

),

changed as (

    select orders.order_id
    from orders
    where orders.updated_at >= {{ low_water_mark() }}

    union

    -- whatever its updated_at says, an order that the ledger doesn't know is new
    select orders.order_id
    from orders
    where orders.is_counted and not exists (select from ledger where ledger.order_id = orders.order_id)

    union

    select order_lines.order_id
    from order_lines
    where order_lines.updated_at >= {{ low_water_mark() }}

    union

    -- the order that a moved line has left
    select ledger.order_id
    from order_lines
    inner join ledger on order_lines.order_line_id = ledger.order_line_id
    where order_lines.updated_at >= {{ low_water_mark() }}

    union

    select order_lines.order_id
    from payments
    inner join order_lines on payments.order_line_id = order_lines.order_line_id
    where payments.updated_at >= {{ low_water_mark() }}

    union

    select order_lines.order_id
    from refunds
    inner join order_lines on refunds.order_line_id = order_lines.order_line_id
    where refunds.updated_at >= {{ low_water_mark() }}

    union

    -- a shop's timezone and currencies date and convert its whole history
    select orders.order_id
    from orders
    inner join shops on orders.shop_id = shops.shop_id
    where shops.updated_at >= {{ low_water_mark() }}

    union

    select ledger.order_id
    from fx_rates
    inner join
        ledger
        on fx_rates.currency in (ledger.currency, ledger.order_currency)
        and ledger.rate_on between fx_rates.rate_date and fx_rates.rate_date + {{ var('rate_carried_days') }}
    where fx_rates.updated_at >= {{ low_water_mark() }} and ledger.currency <> ledger.order_currency

)
{% endif %}

select changed.order_id
from changed
