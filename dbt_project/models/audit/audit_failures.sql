-- Whatever else fails here, its shop alone is held back. Costs follow the changes that are not published yet.
with

differences as (

    {{ differing_rollups(changed_only=true) }}

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

),

portions_differing as (

    select
        cells.shop_id,
        cells.currency,
        cells.starts_on,
        cells.revenue_minor,
        cells.deposit_revenue_minor + cells.balance_revenue_minor as portions_minor
    from (
        select distinct
            shop_id,
            currency,
            date_trunc('month', entry_on::timestamp)::date as month
        from {{ state('ledger_changes') }}
    ) as months
    inner join
        {{ ref('rollup_variants_monthly') }} as cells
        on months.shop_id = cells.shop_id and months.currency = cells.currency and months.month = cells.starts_on
    where cells.revenue_minor <> cells.deposit_revenue_minor + cells.balance_revenue_minor

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
    portions_minor,
    revenue_minor
from portions_differing
union all
select * from {{ ref('audit_source_values') }}
