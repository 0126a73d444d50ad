select
    offer_id,
    variant_id,
    shop_id,

    detached_at is null as is_attached
from {{ source('preorders', 'offer_variants') }}
