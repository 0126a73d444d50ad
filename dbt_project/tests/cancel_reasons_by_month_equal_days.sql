{{ config(meta={'dagster': {'ref': {'name': 'rollup_cancellations_monthly'}}}) }}

-- identity 8
{{ differing_sums(
    ref('rollup_cancellations_monthly'),
    'starts_on',
    ref('rollup_cancellations_daily'),
    "date_trunc('month', starts_on::timestamp)::date",
    ['cancelled_units', 'cancelled_revenue'],
) }}
