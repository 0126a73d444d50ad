{# Days whose cells differ from the ledger, within months (shop_id, currency, month) known to be wrong: reads all of the
   ledger for each, so only where something is, and of the latest 20: that a shop is wrong, other audits say. #}
{% macro days_differing(months) %}
select
    days.shop_id,
    'days equal the ledger' as audit,
    days.currency,
    days.day,
    compared.metric,
    compared.expected,
    compared.found,
    null::text as subject
from (select * from {{ months }} order by month desc, shop_id, currency limit 20) as months
cross join lateral (
    select
        months.shop_id,
        months.currency,
        coalesce(ledger.day, cells.day) as day,
        ledger.sums as expected,
        cells.sums as found
    from (
        select entry_on as day, to_jsonb(sums) - 'entry_on' as sums
        from (
            select entry_on, {{ summed_metrics() }}
            from {{ ref('fct_ledger') }}
            where
                shop_id = months.shop_id and currency = months.currency
                and entry_on >= months.month and entry_on < months.month + interval '1 month'
            group by entry_on
        ) as sums
    ) as ledger
    full outer join (
        select starts_on as day, to_jsonb(sums) - 'starts_on' as sums
        from (
            select starts_on, {{ summed_metrics(entries='sum(entries)') }}
            from {{ ref('rollup_variants_daily') }}
            where
                shop_id = months.shop_id and currency = months.currency
                and starts_on >= months.month and starts_on < months.month + interval '1 month'
            group by starts_on
        ) as sums
    ) as cells on ledger.day = cells.day
    offset 0
) as days
cross join lateral (
    select metric, coalesce((days.expected ->> metric)::numeric, 0) as expected, coalesce((days.found ->> metric)::numeric, 0) as found
    from jsonb_object_keys(coalesce(days.expected, days.found)) as keys (metric)
) as compared
where compared.expected <> compared.found
{% endmacro %}
