select
    upper(currency::text) as currency,

    -- a rate of 0, NaN or beyond any currency converts nothing: it is as good as missing
    case when per_eur > 0 and per_eur < 1e15 then per_eur end as per_eur,

    rate_date
from {{ source('preorders', 'fx_rates') }}
-- a rate is carried on to the days that follow: one of no day that anybody lives to see would be so for ever
where rate_date between '1900-01-01' and '2200-01-01'
