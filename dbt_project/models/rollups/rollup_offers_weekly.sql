{{ rollup_counted('week', ['offer_id'], ref('rollup_offers_daily')) }}
