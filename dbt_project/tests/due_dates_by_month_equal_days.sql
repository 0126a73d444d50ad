{{ config(meta={'dagster': {'ref': {'name': 'rollup_balances_monthly'}}}) }}

-- identity 8
{{ differing_sums(
    ref('rollup_balances_monthly'),
    'starts_on',
    ref('rollup_balances_daily'),
    "date_trunc('month', starts_on::timestamp)::date",
    ['balances_outstanding', 'lines_outstanding'],
) }}
