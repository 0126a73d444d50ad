with

shops as (

    select * from {{ ref('int_shops_frozen') }}

),

currencies as (

    select * from {{ ref('currencies') }}

)

select
    shops.shop_id,

    currencies.currency,

    currencies.minor_digits,
    (10 ^ currencies.minor_digits)::bigint as minor_per_major,

    currencies.currency = upper(shops.currency) as is_shop_currency
from shops
inner join currencies on currencies.currency = any(shops.currencies)
where shops.is_computable
