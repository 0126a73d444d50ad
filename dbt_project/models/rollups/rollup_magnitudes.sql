-- depends_on: {{ ref('fct_ledger') }}
{{ magnitudes(unapplied_changes(), signed=true) if is_incremental() else magnitudes(ref('fct_ledger')) }}
