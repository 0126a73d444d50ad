-- depends_on: {{ ref('fct_ledger') }}
-- depends_on: {{ ref('fct_order_variants') }}
{{ config(pre_hook="{{ require_applied('fct_order_variants') }}") }}

with

{%- if is_incremental() %}

orders as materialized (

    {{ orders_of_customers_moved() }}

),

orders_now as (

    select * from orders where is_there

),

orders_before as (

    select * from orders where was_there

),

days as (

    select *, 1 as sign from ({{ customer_days('orders_now') }}) as days_now
    union all
    select *, -1 as sign from ({{ customer_days('orders_before') }}) as days_before

)

{%- else %}

days as (

    select *, 1 as sign from {{ ref('fct_customer_days') }}

)

{%- endif %}

{{ counted_days('days', 'sign') }}
{%- if is_incremental() %}
having sum(sign) <> 0
{%- endif %}
