-- Rates like the European Central Bank's daily file: units for 1 euro, on business days, published
-- in the afternoon. KWD is not among them, and EUR itself is 1.

insert into app.fx_rates (rate_date, currency, per_eur, updated_at)
with currencies as (
    select *
    from (values
        ('USD', 1.09, 4), ('GBP', 0.852, 5), ('JPY', 161.5, 2), ('CHF', 0.948, 4), ('SEK', 11.35, 3)
    ) as listed (currency, level, decimals)
),

days as (
    select
        day::date as rate_date,
        day::date - date '2000-01-01' as day_number
    from generate_series(
        %(first_day)s::timestamp - interval '10 days',
        %(last_day)s::timestamp - interval '1 day',
        interval '1 day'
    ) as day
    where extract(isodow from day) < 6
)

select
    days.rate_date,
    currencies.currency,
    -- A year's swing, a quarter's swing and the day's noise. By the calendar, so that two histories with the
    -- same seed agree on a day's rate, wherever they begin and end.
    round(
        level * (
            1
            + 0.03 * sin(day_number / 61.0 + 6.28 * pg_temp.chance(1, 'year ' || currency))
            + 0.01 * sin(day_number / 14.0 + 6.28 * pg_temp.chance(1, 'quarter ' || currency))
            + 0.004 * (pg_temp.chance(day_number, 'noise ' || currency) - 0.5)
        )::numeric,
        decimals
    ),
    days.rate_date + time '15:05'
from days
cross join currencies
order by days.rate_date, currencies.currency;
