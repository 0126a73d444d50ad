{{ config(meta={'dagster': {'ref': {'name': 'rollup_variants_weekly'}}}) }}

-- identities 2 and 8: every week holds exactly what the ledger gives for it
{{ differing_sums(
    ref('rollup_variants_weekly'),
    'starts_on',
    ref('fct_ledger'),
    "date_trunc('week', entry_on::timestamp)::date",
) }}
