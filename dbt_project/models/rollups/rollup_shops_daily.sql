{{ rollup_counted('day', [], ref('rollup_variants_daily'), ref('fct_order_variants')) }}
