with

products as (

    select * from {{ ref('stg_preorders__products') }}

)

select
    shop_id,
    product_id,

    product_title
from products
