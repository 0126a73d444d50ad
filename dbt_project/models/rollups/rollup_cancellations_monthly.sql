{% set keys = ['offer_id', 'cancel_reason'] %}
{% set metrics = ['cancelled_units', 'cancelled_revenue'] %}
{% set where = "entry = 'cancelled'" %}

{{ rollup_longer(ref('rollup_cancellations_daily'), 'month', keys, metrics, where) }}
