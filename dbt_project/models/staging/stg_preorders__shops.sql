select
    id as shop_id,

    name as shop_name,
    upper(currency::text) as currency,
    upper(reporting_currencies::text)::text[] as reporting_currencies,
    timezone
from {{ source('preorders', 'shops') }}
