with

ledger as (

    select * from {{ ref('fct_ledger') }}

),

shops as (

    select * from {{ ref('int_shops_frozen') }}

),

large_sums as (

    select * from {{ ref('audit_large_sums') }}

),

findings as (

    select * from {{ state('ledger_findings') }}

)

select
    shop_id,
    audit,
    null::text as currency,
    day,
    metric,
    expected,
    found,
    'order ' || order_id as subject
from findings
union all
select
    shop_id,
    'amounts are of a currency in ISO 4217' as audit,
    order_currency as currency,
    entry_on as day,
    null as metric,
    null as expected,
    null as found,
    'order ' || order_id as subject
from ledger
where order_amount_minor is null
union all
select
    shop_id,
    'the shop has a known timezone and currency' as audit,
    currency::text as currency,
    null as day,
    null as metric,
    null as expected,
    null as found,
    'timezone ' || timezone as subject
from shops
where not is_computable
union all
select
    shop_id,
    'amounts of a month add up to less than the largest sum' as audit,
    currency,
    day,
    metric,
    {{ largest_sum() }} as expected,
    magnitude_minor as found,
    null as subject
from large_sums
