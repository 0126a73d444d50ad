{{ config(incremental_strategy='replace_changed', pre_hook="{{ require_applied('fct_order_variants') }}") }}

with

{% if is_incremental() %}
    customers_changed as (

        select
            ledger_changes.shop_id,
            ledger_changes.customer_id
        from {{ unapplied_changes() }}

    ),
{% endif %}

orders as (

    select *
    from {{ ref('fct_order_variants') }}
    where
        customer_id is not null
        {% if is_incremental() %}
            and (shop_id, customer_id) in (select * from customers_changed)
        {% endif %}

)

{{ customer_days('orders') }}
