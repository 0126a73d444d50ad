with

variants as (

    select * from {{ ref('stg_preorders__variants') }}

)

select
    shop_id,
    variant_id,
    product_id,

    variant_title,
    sku
from variants
