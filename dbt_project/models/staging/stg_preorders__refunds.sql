select
    id as refund_id,
    order_line_id,

    amount,

    {{ in_common_years('refunded_at') }} as refunded_at,
    updated_at
from {{ source('preorders', 'refunds') }}
