{{ rollup_counted('week', [], ref('rollup_shops_daily')) }}
