{{ config(
    materialized='incremental',
    incremental_strategy='replace_rows',
    indexes=[{'columns': ['order_id'], 'unique': true}],
    pre_hook="{{ look_up_changes() }}",
    post_hook=["{{ refuse_if_another_began() }}", "analyze {{ this }}"],
) }}

-- depends_on: {{ ref('int_build_snapshot') }}
-- depends_on: {{ ref('stg_preorders__order_lines') }}
-- depends_on: {{ ref('stg_preorders__payments') }}
-- depends_on: {{ ref('stg_preorders__refunds') }}
-- depends_on: {{ ref('int_shops_frozen') }}
-- depends_on: {{ ref('int_fx_rates_daily') }}

{# Not a ref: what the last build left, and this model comes before the new one. #}
{% set ledger = adapter.get_relation(target.database, target.schema, 'fct_ledger') %}
{# Narrower than the ledger, and never ahead of it. #}
{% set known = adapter.get_relation(target.database, target.schema, 'fct_order_variants') or ledger %}

with

orders as (

    select * from {{ ref('stg_preorders__orders') }}

),

changed as (

{% if flags.FULL_REFRESH or ledger is none %}
    select orders.order_id
    from orders
{% else %}
    {{ orders_changed_since_last_build(ledger, known, low_water_literal()) }}
{% endif %}

)

select changed.order_id
from changed
