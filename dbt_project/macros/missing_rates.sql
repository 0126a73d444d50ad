{# Amounts that no exchange rate converts, by what a report can be asked for; of ledger rows that enter (`sign` 1) or
   leave (-1). #}
{% macro missing_rates(ledger) %}
select
    shop_id,
    offer_id,
    product_id,
    variant_id,
    market_id,
    customer_id,

    metric,
    currency,
    order_currency,

    -- null where the order's currency is unknown and so its balance
    coalesce(sum(sign * lines_outstanding), 0)::bigint as lines_outstanding,
    sum(sign)::bigint as entries,

    entry_on as starts_on,
    rate_on
from (
    select
        ledger.*,
        missing.metric
    from {{ ledger }} as ledger
    cross join lateral (
        values
        {%- for metric in metric_definitions(['additive', 'state']) if metric.unit == 'money' %}
        {{ ', ' if not loop.first }}('{{ metric.name }}', ledger.{{ metric_column(metric) }} is null)
        {%- else %}
        (null::text, false)
        {%- endfor %}
    ) as missing (metric, is_missing)
    where
        ledger.currency <> ledger.order_currency
        -- null if any amount is: few rows are looked at metric by metric
        and (
            0
            {%- for metric in metric_definitions(['additive', 'state']) if metric.unit == 'money' %}
                + ledger.{{ metric_column(metric) }}
            {%- endfor %}
        ) is null
        and missing.is_missing
) as amounts_missing
group by
    shop_id,
    offer_id,
    product_id,
    variant_id,
    market_id,
    customer_id,
    metric,
    currency,
    order_currency,
    entry_on,
    rate_on
{% endmacro %}
