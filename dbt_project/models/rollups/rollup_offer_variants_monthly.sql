{{ rollup_counted('month', ['offer_id', 'variant_id'], ref('rollup_offer_variants_daily')) }}
