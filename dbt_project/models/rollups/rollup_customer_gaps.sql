-- depends_on: {{ ref('fct_ledger') }}
-- depends_on: {{ ref('fct_order_variants') }}
{{ config(pre_hook="{{ require_applied('fct_order_variants') }}") }}

with

{% if is_incremental() %}
    orders as materialized (

        {{ orders_of_customers_moved() }}

    ),

    orders_now as (

        select *
        from orders
        where is_there

    ),

    orders_before as (

        select *
        from orders
        where was_there

    ),

    days_now as (

        {{ customer_days('orders_now') }}

    ),

    days_before as (

        {{ customer_days('orders_before') }}

    ),

    days as (

        select
            days_now.*,
            1 as sign
        from days_now
        union all
        select
            days_before.*,
            -1 as sign
        from days_before

    )
{% else %}
    days as (

        select
            customer_days.*,
            1 as sign
        from {{ ref('fct_customer_days') }} as customer_days

    )
{% endif %}

{{ counted_days('days', 'sign') }}
{% if is_incremental() %}
    having sum(sign) <> 0
{% endif %}
