with

shops as (

    select * from {{ ref('int_shops_frozen') }}

),

currencies as (

    select * from {{ ref('stg_preorders__currencies') }}

)

select
    shops.shop_id,

    currencies.currency,

    currencies.minor_digits,
    currencies.minor_per_major,

    currencies.currency = shops.currency as is_shop_currency
from shops
inner join currencies on currencies.currency = any(shops.currencies)
where shops.is_computable
