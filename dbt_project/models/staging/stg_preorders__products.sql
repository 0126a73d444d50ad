select
    id as product_id,
    shop_id,

    title as product_title
from {{ source('preorders', 'products') }}
