{{ rollup_counted('day', ['offer_id', 'variant_id'], ref('rollup_variants_daily'), ref('fct_order_variants')) }}
