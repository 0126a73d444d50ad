with

shop_currencies as (

    select * from {{ ref('int_shop_currencies') }}

)

select
    shop_id,

    currency,

    minor_digits,

    is_shop_currency
from shop_currencies
