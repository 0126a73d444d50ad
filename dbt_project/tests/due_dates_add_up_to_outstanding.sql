{{ config(meta={'dagster': {'ref': {'name': 'rollup_balances_daily'}}}) }}

-- identity 3
{{ differing_sums(
    ref('rollup_balances_daily'),
    'starts_on',
    ref('rollup_variants_daily'),
    'starts_on',
    ['balances_outstanding', 'lines_outstanding'],
) }}
