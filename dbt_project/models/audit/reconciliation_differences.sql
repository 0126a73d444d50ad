-- Orders that the next build will replace anyway are left out on both sides.
{{ ledger_against_events('month') }}
