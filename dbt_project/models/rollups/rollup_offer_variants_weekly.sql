{{ rollup_counted('week', ['offer_id', 'variant_id'], ref('rollup_offer_variants_daily')) }}
