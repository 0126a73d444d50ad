select
    id as payment_id,
    order_line_id,

    portion,
    status,

    amount,

    {{ in_common_years('processed_at') }} as processed_at,
    updated_at
from {{ source('preorders', 'payments') }}
