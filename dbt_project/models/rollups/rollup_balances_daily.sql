{% set keys = ['offer_id', 'balance_due_on'] %}
{% set metrics = ['balances_outstanding', 'lines_outstanding'] %}

{{ rollup_daily(keys, metrics, where="entry in ('placed', 'balance_relieved', 'balance_voided')") }}
