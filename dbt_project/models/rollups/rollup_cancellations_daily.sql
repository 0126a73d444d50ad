{% set keys = ['offer_id', 'cancel_reason'] %}
{% set metrics = ['cancelled_units', 'cancelled_revenue'] %}

{{ rollup_daily(keys, metrics, where="entry = 'cancelled'") }}
