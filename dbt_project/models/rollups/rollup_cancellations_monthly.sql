{% set metrics = ['cancelled_units', 'cancelled_revenue'] %}
{% set where = "entry = 'cancelled'" %}

{{ rollup_counted(
    'month', ['offer_id', 'cancel_reason'], ref('rollup_cancellations_daily'), none, metrics, where, entries=['cancelled']
) }}
