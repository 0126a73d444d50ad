select
    id as order_line_id,
    order_id,
    offer_id,
    product_id,
    variant_id,

    quantity,
    total,
    deposit,

    {{ in_common_years('balance_due_on') }} as balance_due_on,
    updated_at
from {{ source('preorders', 'order_lines') }}
