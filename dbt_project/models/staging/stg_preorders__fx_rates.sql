select
    upper(currency::text) as currency,

    -- a rate of 0 or NaN converts nothing: it is as good as missing
    case when per_eur > 0 and per_eur < 'infinity' then per_eur end as per_eur,

    rate_date
from {{ source('preorders', 'fx_rates') }}
