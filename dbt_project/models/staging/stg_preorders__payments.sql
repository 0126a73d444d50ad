select
    id as payment_id,
    order_line_id,

    portion,
    status,

    amount,

    processed_at,
    updated_at
from {{ source('preorders', 'payments') }}
