{% set keys = ['offer_id', 'cancel_reason'] %}
{% set metrics = ['cancelled_units', 'cancelled_revenue'] %}
{% set where = "entry = 'cancelled'" %}

{{ rollup('day', keys, metrics, where) }}
