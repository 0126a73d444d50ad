select
    currency::text as currency,

    per_eur,

    rate_date,
    updated_at
from {{ source('preorders', 'fx_rates') }}
-- a rate of 0 or NaN converts nothing: it is as good as missing
where per_eur > 0 and per_eur < 'infinity'
