select
    currency,

    minor_digits,

    -- an integer before it meets an amount: 10 ^ n is a double, and numeric times double is one too
    (10 ^ minor_digits)::bigint as minor_per_major
from {{ ref('currencies') }}
