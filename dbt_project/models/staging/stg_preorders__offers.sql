select
    id as offer_id,
    shop_id,

    name as offer_name,
    status
from {{ source('preorders', 'offers') }}
