select
    id as customer_id,
    shop_id,

    case when redacted_at is null then email end as email,
    case when redacted_at is null then name end as customer_name
from {{ source('preorders', 'customers') }}
