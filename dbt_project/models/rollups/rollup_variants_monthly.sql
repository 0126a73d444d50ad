{% set keys = ['offer_id', 'product_id', 'variant_id', 'market_id'] %}

{{ rollup_longer(ref('rollup_variants_daily'), 'month', keys) }}
