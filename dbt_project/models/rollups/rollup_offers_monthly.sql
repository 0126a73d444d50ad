{{ rollup_counted('month', ['offer_id'], ref('rollup_offers_daily')) }}
