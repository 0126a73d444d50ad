{{ config(meta={'dagster': {'ref': {'name': 'rollup_variants_daily'}}}) }}

-- identity 1
select *
from {{ ref('rollup_variants_daily') }}
where revenue_minor <> deposit_revenue_minor + balance_revenue_minor
