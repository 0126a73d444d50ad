select
    id as shop_id,

    name as shop_name,
    currency::text as currency,
    reporting_currencies,
    timezone,

    updated_at
from {{ source('preorders', 'shops') }}
