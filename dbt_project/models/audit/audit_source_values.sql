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
    'order ' || order_id as currency,
    day,
    metric,
    expected,
    found
from findings
union all
select
    shop_id,
    'amounts are of a currency in ISO 4217' as audit,
    order_currency as currency,
    entry_on as day,
    'order ' || order_id as metric,
    null as expected,
    null as found
from ledger
where order_amount_minor is null
union all
select
    shop_id,
    'the shop has a known timezone and currency' as audit,
    currency::text as currency,
    null as day,
    timezone as metric,
    null as expected,
    null as found
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
    magnitude_minor as found
from large_sums
