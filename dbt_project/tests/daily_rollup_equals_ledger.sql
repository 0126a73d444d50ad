{{ config(meta={'dagster': {'ref': {'name': 'rollup_variants_daily'}}}) }}

-- identities 2 and 3: every day holds exactly what the ledger gives for it
{{ differing_sums(ref('rollup_variants_daily'), 'starts_on', ref('fct_ledger'), 'entry_on') }}
