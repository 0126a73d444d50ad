{# Counts and amounts of events, in the order's currency, that the ledger and the source don't agree on: by shop and
   month, or by day and order within `months` known to differ. #}
{% macro ledger_against_events(period, months=none) %}
with

orders_changed as (

    {{ orders_changed_since_last_build(ref('fct_ledger'), ref('fct_order_variants'), low_water_mark()) }}

),

sides as (

    select
        shop_id,
        order_id,
        entry,
        day,
        amount_minor,
        true as is_source
    from {{ ref('int_source_events') }}
    where amount_minor is not null
    union all
    select
        ledger.shop_id,
        ledger.order_id,
        ledger.entry,
        ledger.entry_on,
        ledger.order_amount_minor,
        false
    from {{ ref('fct_ledger') }} as ledger
    inner join {{ ref('int_shop_currencies') }} as own
        on ledger.shop_id = own.shop_id and ledger.currency = own.currency and own.is_shop_currency
    where ledger.events = 1 and ledger.order_amount_minor is not null

),

sums as (

    select
        shop_id,
        {{ 'order_id' if months else 'null::bigint' }} as order_id,
        entry,
        {{ period_start(period, 'day') }} as day,
        count(*) filter (where is_source) as source_events,
        count(*) filter (where not is_source) as ledger_events,
        coalesce(sum(amount_minor) filter (where is_source), 0) as source_minor,
        coalesce(sum(amount_minor) filter (where not is_source), 0) as ledger_minor
    from sides
    where
        not exists (select from orders_changed where orders_changed.order_id = sides.order_id)
        {%- if months %}
        and (shop_id, date_trunc('month', day::timestamp)::date) in (select shop_id, day from {{ months }})
        {%- endif %}
    group by 1, 2, 3, 4

)

select
    sums.shop_id,
    sums.order_id,
    'ledger equals source' as audit,
    case when sums.order_id is not null then 'order ' || sums.order_id end as currency,
    sums.day,
    compared.metric,
    compared.expected,
    compared.found
from sums
cross join lateral (
    values
    (sums.entry || ' events', sums.source_events, sums.ledger_events),
    (sums.entry || ' amount', sums.source_minor, sums.ledger_minor)
) as compared (metric, expected, found)
where compared.expected <> compared.found
{% endmacro %}
