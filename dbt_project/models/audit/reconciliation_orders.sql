-- The same, further down: day by day and order by order, of the months that differ.
{{ ledger_against_events('day', ref('reconciliation_differences')) }}
