{% set keys = ['customer_id', 'offer_id'] %}
{% set metrics = [
    'units',
    'revenue',
    'deposits_collected',
    'balances_collected',
    'balances_outstanding',
    'refunds_issued',
] %}

{{ rollup('day', keys, metrics, where="customer_id is not null") }}
