{% set keys = ['offer_id', 'balance_due_on'] %}
{% set metrics = ['balances_outstanding', 'lines_outstanding'] %}

{{ rollup_longer(ref('rollup_balances_daily'), 'month', keys, metrics) }}
