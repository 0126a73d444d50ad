{{ config(
    materialized='incremental',
    incremental_strategy='replace_rows',
    on_schema_change='fail',
    indexes=[{'columns': ['currency', 'day'], 'unique': true}],
) }}

-- depends_on: {{ ref('int_build_snapshot') }}

with

fx_rates as (

    select * from {{ ref('stg_preorders__fx_rates') }}
    where per_eur is not null

),

rates_with_next as (

    select
        *,
        lead(rate_date) over (partition by currency order by rate_date) as next_rate_date
    from fx_rates

)

select
    rates_with_next.currency,
    carried.day::date as day,
    rates_with_next.per_eur
from rates_with_next
cross join
    lateral generate_series(
        -- as timestamps: dates would become instants, and a day in the session's timezone may have no midnight
        rates_with_next.rate_date::timestamp,
        least(
            rates_with_next.next_rate_date - 1, rates_with_next.rate_date + {{ var('rate_carried_days') }}
        )::timestamp,
        interval '1 day'
    ) as carried (day)
where rates_with_next.currency <> 'EUR'
