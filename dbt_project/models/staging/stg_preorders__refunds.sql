select
    id as refund_id,
    order_line_id,

    amount,

    refunded_at,
    updated_at
from {{ source('preorders', 'refunds') }}
