{% set keys = ['offer_id', 'product_id', 'variant_id', 'market_id'] %}

{{ rollup('day', keys) }}
