{% set metrics = ['cancelled_units', 'cancelled_revenue'] %}
{% set where = "entry = 'cancelled'" %}

{{ rollup_counted(
    'day', ['offer_id', 'cancel_reason'], none, ref('fct_order_variants'), metrics, where, entries=['cancelled']
) }}
