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

{{ order_variants('ledger') }}
