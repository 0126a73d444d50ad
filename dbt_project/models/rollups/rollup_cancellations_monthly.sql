{% set keys = ['offer_id', 'cancel_reason'] %}
{% set metrics = ['cancelled_units', 'cancelled_revenue'] %}

{{ rollup_longer(ref('rollup_cancellations_daily'), 'month', keys, metrics) }}
