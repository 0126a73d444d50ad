{# Where the ledger and the source tell different events, by count, amount in the order's currency and checksum: by shop
   and month, or by day and order within `months` known to differ. #}
{% macro ledger_against_events(period, months=none) %}
with

orders_changed as (

    {{ orders_changed_since_last_build(ref('fct_ledger'), ref('fct_order_variants'), low_water_mark()) }}

),

source_events as (

    select * from {{ ref('int_source_events') }} as events
    where not exists (select from orders_changed where orders_changed.order_id = events.order_id)

),

ledger_events as (

    {{ events_of_ledger(ref('fct_ledger')) }}
    and not exists (select from orders_changed where orders_changed.order_id = ledger.order_id)

)

{{ differing_events('source_events', 'ledger_events', period, months) }}
{% endmacro %}

{# The ledger's side, of the same columns and types as int_source_events. #}
{% macro events_of_ledger(ledger) %}
select
    ledger.shop_id,
    ledger.order_id,
    ledger.order_line_id,
    ledger.entry_id,
    ledger.entry,
    ledger.entry_on as day,
    ledger.order_amount_minor as amount_minor,
    ledger.offer_id,
    ledger.product_id,
    ledger.variant_id,
    ledger.market_id,
    ledger.customer_id,
    ledger.cancel_reason,
    ledger.balance_due_on,
    ledger.occurred_at,
    ledger.units + ledger.cancelled_units as quantity,
    case
        when ledger.order_currency = own.currency
            then
                ledger.revenue_minor + ledger.cancelled_revenue_minor + ledger.deposits_collected_minor
                + ledger.balances_collected_minor + ledger.balances_failed_amount_minor + ledger.refunds_issued_minor
        else 0
    end as shown_minor,
    case when ledger.order_currency = own.currency then ledger.deposit_revenue_minor else 0 end as deposit_minor
from {{ ledger }} as ledger
inner join {{ ref('int_shop_currencies') }} as own
    on ledger.shop_id = own.shop_id and ledger.currency = own.currency and own.is_shop_currency
-- an amount of an unknown currency is null: another audit tells of it
where ledger.events = 1 and ledger.order_amount_minor is not null
{% endmacro %}

{# What two sides don't agree on. The checksum finds what leaves counts and amounts alone: another variant, another
   quantity, an instant of the same day. #}
{% macro differing_events(source_events, ledger_events, period, months=none, by_order=false) %}
{%- set by_order = by_order or months is not none %}
{%- set columns = [
    'order_id', 'order_line_id', 'entry_id', 'offer_id', 'product_id', 'variant_id', 'market_id', 'customer_id',
    'cancel_reason', 'balance_due_on', 'occurred_at', 'day', 'quantity', 'shown_minor', 'deposit_minor',
] | join(', ') %}
select
    sums.shop_id,
    sums.order_id,
    'ledger equals source' as audit,
    null::text as currency,
    sums.day,
    compared.metric,
    compared.expected,
    compared.found,
    'order ' || sums.order_id as subject
from (
    select
        shop_id,
        {{ 'order_id' if by_order else 'null::bigint' }} as order_id,
        entry,
        {{ period_start(period, 'day') }} as day,
        count(*) filter (where is_source) as source_events,
        count(*) filter (where not is_source) as ledger_events,
        coalesce(sum(amount_minor) filter (where is_source), 0) as source_minor,
        coalesce(sum(amount_minor) filter (where not is_source), 0) as ledger_minor,
        coalesce(sum(checksum) filter (where is_source), 0) as source_checksum,
        coalesce(sum(checksum) filter (where not is_source), 0) as ledger_checksum
    from (
        {%- for events, is_source in ((source_events, 'true'), (ledger_events, 'false')) %}
        {{ 'union all' if not loop.first }}
        select
            shop_id,
            order_id,
            entry,
            day,
            amount_minor,
            hash_record_extended(row({{ columns }}), 0) as checksum,
            {{ is_source }} as is_source
        from {{ events }}
        where amount_minor is not null
        {%- endfor %}
    ) as sides
    {%- if months %}
    where (shop_id, date_trunc('month', day::timestamp)::date) in (select shop_id, day from {{ months }})
    {%- endif %}
    group by 1, 2, 3, 4
) as sums
cross join lateral (
    values
    (sums.entry || ' events', sums.source_events, sums.ledger_events),
    (sums.entry || ' amount', sums.source_minor, sums.ledger_minor),
    (sums.entry || ' checksum', sums.source_checksum, sums.ledger_checksum)
) as compared (metric, expected, found)
where compared.expected <> compared.found
{% endmacro %}
