{# Of the orders that this build computed anew, what their ledger rows and the source don't agree on. Part of the
   ledger's own transaction, which sees one snapshot: later, an order that has changed again would look wrong. #}
{% macro audit_changed_orders() %}
delete from {{ state('ledger_findings') }} where order_id in (select order_id from {{ ref('int_orders_changed') }});

insert into {{ state('ledger_findings') }} (shop_id, order_id, audit, day, metric, expected, found)
select
    sums.shop_id,
    sums.order_id,
    'ledger equals source',
    sums.day,
    compared.metric,
    compared.expected,
    compared.found
from (
    select
        shop_id,
        order_id,
        entry,
        day,
        count(*) filter (where is_source) as source_events,
        count(*) filter (where not is_source) as ledger_events,
        coalesce(sum(amount) filter (where is_source), 0) as source_minor,
        coalesce(sum(amount) filter (where not is_source), 0) as ledger_minor
    from (
        select events.shop_id, events.order_id, events.entry, events.day, events.amount_minor as amount, true as is_source
        from {{ ref('int_orders_changed') }} as changed
        -- order by order: a join would collect the events of all orders first
        cross join lateral (
            select * from {{ ref('int_source_events') }} as events
            where events.order_id = changed.order_id and events.amount_minor is not null
            offset 0
        ) as events
        union all
        select ledger.shop_id, ledger.order_id, ledger.entry, ledger.entry_on, ledger.order_amount_minor, false
        from {{ this }} as ledger
        inner join {{ ref('int_shop_currencies') }} as own
            on ledger.shop_id = own.shop_id and ledger.currency = own.currency and own.is_shop_currency
        where
            ledger.events = 1
            -- of an unknown currency: another audit tells of it
            and ledger.order_amount_minor is not null
            and ledger.order_id in (select order_id from {{ ref('int_orders_changed') }})
    ) as sides
    group by shop_id, order_id, entry, day
) as sums
cross join lateral (
    values
    (sums.entry || ' events', sums.source_events, sums.ledger_events),
    (sums.entry || ' amount', sums.source_minor, sums.ledger_minor)
) as compared (metric, expected, found)
where compared.expected <> compared.found
{% endmacro %}
