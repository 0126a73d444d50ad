{{ rollup_counted('day', ['product_id'], ref('rollup_variants_daily'), ref('fct_order_variants')) }}
