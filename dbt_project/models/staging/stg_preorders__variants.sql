select
    id as variant_id,
    shop_id,
    product_id,

    title as variant_title,
    sku
from {{ source('preorders', 'variants') }}
