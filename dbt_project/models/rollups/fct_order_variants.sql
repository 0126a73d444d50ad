{{
    config(
        incremental_strategy='replace_changed',
        indexes=[{'columns': ['order_id']}, {'columns': ['customer_id']}],
    )
}}

with

ledger as (

    select * from {{ ref('fct_ledger') }}
    {% if is_incremental() %}
        where order_id in (select ledger_changes.order_id from {{ unapplied_changes() }})
    {% endif %}

)

select
    shop_id,
    order_id,
    offer_id,
    product_id,
    variant_id,
    market_id,
    customer_id,

    cancel_reason,

    min(occurred_at) filter (where entry = 'placed') as placed_at,
    min(entry_on) filter (where entry = 'placed') as placed_on,
    min(entry_on) filter (where entry = 'cancelled') as cancelled_on
from ledger
where entry in ('placed', 'cancelled')
group by shop_id, order_id, offer_id, product_id, variant_id, market_id, customer_id, cancel_reason
