with

ledger as (

    select * from {{ ref('fct_ledger') }}

),

amounts_missing as (

    select
        ledger.*,
        missing.metric
    from ledger
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
        and missing.is_missing

)

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

    sum(lines_outstanding)::bigint as lines_outstanding,

    entry_on as starts_on,
    rate_on
from amounts_missing
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
