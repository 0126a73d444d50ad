with

shops as (

    select * from {{ ref('stg_preorders__shops') }}

),

currencies as (

    select * from {{ ref('stg_preorders__currencies') }}

),

answerable as (

    select
        shops.shop_id,
        asked.currency,
        bool_or(asked.currency = shops.currency) as is_shop_currency
    from shops
    cross join lateral unnest(shops.currency || shops.reporting_currencies) as asked (currency)
    group by shops.shop_id, asked.currency

)

select
    answerable.shop_id,

    answerable.currency,

    currencies.minor_digits,
    currencies.minor_per_major,

    answerable.is_shop_currency
from answerable
inner join currencies on answerable.currency = currencies.currency
