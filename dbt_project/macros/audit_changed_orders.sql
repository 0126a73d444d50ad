{# Of the orders that this build computed anew, what their ledger rows and the source don't agree on. Part of the
   ledger's own transaction, which sees one snapshot: later, an order that has changed again would look wrong. #}
{% macro audit_changed_orders() %}
delete from {{ state('ledger_findings') }} where order_id in (select order_id from {{ ref('int_orders_changed') }});

with

source_events as (

    select events.*
    from {{ ref('int_orders_changed') }} as changed
    -- order by order: a join would collect the events of all orders first
    cross join lateral (
        select * from {{ ref('int_source_events') }} as events
        where events.order_id = changed.order_id
        offset 0
    ) as events

),

ledger_events as (

    {{ events_of_ledger(this) }}
    and ledger.order_id in (select order_id from {{ ref('int_orders_changed') }})

)

insert into {{ state('ledger_findings') }} (shop_id, order_id, audit, day, metric, expected, found)
select shop_id, order_id, audit, day, metric, expected, found
from (
    {{ differing_events('source_events', 'ledger_events', 'day', by_order=true) }}
) as findings
{% endmacro %}
