{{ config(meta={'dagster': {'ref': {'name': 'rollup_variants_monthly'}}}) }}

-- identities 2 and 8: every month holds exactly what the ledger gives for it
{{ differing_sums(
    ref('rollup_variants_monthly'),
    'starts_on',
    ref('fct_ledger'),
    "date_trunc('month', entry_on::timestamp)::date",
) }}
