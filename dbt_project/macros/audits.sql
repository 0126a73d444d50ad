{# Everything that holds back a shop: of the cells that unpublished changes have moved, or of all. #}
{% macro audits(changed_only=false) %}
with

differences as (

    {{ differing_rollups(changed_only) }}

),

months_differing as (

    select distinct
        shop_id,
        currency,
        date_trunc('month', day::timestamp)::date as month
    from differences

),

days_differing as (

    {{ days_differing('months_differing') }}

)

select * from days_differing
union all
select * from differences
union all
select
    cells.shop_id,
    'revenue is deposits plus balances' as audit,
    cells.currency,
    cells.starts_on as day,
    'revenue_minor' as metric,
    cells.deposit_revenue_minor::numeric + cells.balance_revenue_minor as expected,
    cells.revenue_minor as found,
    null::text as subject
from {{ ref('rollup_variants_monthly') }} as cells
{%- if changed_only %}
inner join (
    select distinct shop_id, currency, {{ period_start('month', 'entry_on') }} as month
    from {{ state('ledger_changes') }}
) as months on cells.shop_id = months.shop_id and cells.currency = months.currency and cells.starts_on = months.month
{%- endif %}
where cells.revenue_minor <> cells.deposit_revenue_minor::numeric + cells.balance_revenue_minor
union all
select * from {{ ref('audit_source_values') }}
{% endmacro %}
