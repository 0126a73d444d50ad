-- The same for everything, once after a rebuild: then all cells are new.
with

differences as (

    {{ differing_rollups() }}

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
    shop_id,
    'revenue is deposits plus balances' as audit,
    currency,
    starts_on,
    'revenue_minor' as metric,
    deposit_revenue_minor + balance_revenue_minor as expected,
    revenue_minor as found
from {{ ref('rollup_variants_monthly') }}
where revenue_minor <> deposit_revenue_minor + balance_revenue_minor
union all
select * from {{ ref('audit_source_values') }}
