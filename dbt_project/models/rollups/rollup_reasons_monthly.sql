{% set metrics = ['cancelled_units', 'cancelled_revenue'] %}
{% set where = "entry = 'cancelled'" %}

{{ rollup_counted(
    'month', ['cancel_reason'], ref('rollup_reasons_daily'), none, metrics, where, entries=['cancelled']
) }}
