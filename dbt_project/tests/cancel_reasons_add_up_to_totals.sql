{{ config(meta={'dagster': {'ref': {'name': 'rollup_cancellations_daily'}}}) }}

-- identity 5
{{ differing_sums(
    ref('rollup_cancellations_daily'),
    'starts_on',
    ref('rollup_variants_daily'),
    'starts_on',
    ['cancelled_units', 'cancelled_revenue'],
) }}
