{{ rollup_counted('month', ['product_id'], ref('rollup_products_daily')) }}
