{% set metrics = ['cancelled_units', 'cancelled_revenue'] %}
{% set where = "entry = 'cancelled'" %}

{{ rollup_counted(
    'day', ['cancel_reason'], ref('rollup_cancellations_daily'), ref('fct_order_variants'), metrics, where, entries=['cancelled']
) }}
