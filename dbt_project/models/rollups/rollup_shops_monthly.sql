{{ rollup_counted('month', [], ref('rollup_shops_daily')) }}
