select
    id as order_line_id,
    order_id,
    offer_id,
    product_id,
    variant_id,

    quantity,
    total,
    deposit,

    balance_due_on,
    updated_at
from {{ source('preorders', 'order_lines') }}
