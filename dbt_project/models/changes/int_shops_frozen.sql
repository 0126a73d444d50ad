{{ config(materialized='incremental', incremental_strategy='replace_rows') }}

-- depends_on: {{ ref('int_build_snapshot') }}

-- Read once: the ledger's days and currencies, and what is published of the shops, must be of the same instant.
with

shops as (

    select * from {{ ref('stg_preorders__shops') }}

),

currencies as (

    select * from {{ ref('stg_preorders__currencies') }}

)

select
    shops.shop_id,

    shops.shop_name,
    shops.currency,
    shops.timezone,
    array(
        select distinct asked.currency
        from unnest(shops.currency || array(select unnest(shops.reporting_currencies))) as asked (currency)
        order by 1
    ) as currencies,

    -- an unknown timezone would be an error in the statement that computes all shops
    currencies.currency is not null and exists (
        select from pg_timezone_names as timezones
        where timezones.name = shops.timezone
    ) as is_computable
from shops
left join currencies on shops.currency = currencies.currency
