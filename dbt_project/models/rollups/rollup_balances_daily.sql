{% set keys = ['offer_id', 'balance_due_on'] %}
{% set metrics = ['balances_outstanding', 'lines_outstanding'] %}
{% set where = "entry in ('placed', 'balance_relieved', 'balance_voided')" %}

{{ rollup('day', keys, metrics, where) }}
