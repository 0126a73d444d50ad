select
    id as order_id,
    shop_id,
    customer_id,
    market_id,

    upper(currency::text) as currency,
    coalesce(cancel_reason, 'unknown') as cancel_reason,

    not test and deleted_at is null as is_counted,

    placed_at,
    cancelled_at,
    updated_at
from {{ source('preorders', 'orders') }}
where {{ in_sample('id') }}
