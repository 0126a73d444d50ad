select
    id as order_id,
    shop_id,
    customer_id,
    market_id,

    upper(currency::text) as currency,
    coalesce(cancel_reason, 'unknown') as cancel_reason,

    not test and deleted_at is null as is_counted,

    {{ in_common_years('placed_at') }} as placed_at,
    {{ in_common_years('cancelled_at') }} as cancelled_at,
    updated_at
from {{ source('preorders', 'orders') }}
where {{ in_sample('id') }}
