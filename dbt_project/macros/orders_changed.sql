{# Ids of the orders whose entries in the ledger no longer tell what the source does. #}
{% macro orders_changed_since_last_build(ledger) %}
    select orders.order_id
    from {{ ref('stg_preorders__orders') }} as orders
    where orders.updated_at >= {{ low_water_mark() }}

    union

    -- whatever its updated_at says, an order that the ledger doesn't know is new
    select orders.order_id
    from {{ ref('stg_preorders__orders') }} as orders
    where orders.is_counted and not exists (select from {{ ledger }} as ledger where ledger.order_id = orders.order_id)

    union

    select order_lines.order_id
    from {{ ref('stg_preorders__order_lines') }} as order_lines
    where order_lines.updated_at >= {{ low_water_mark() }}

    union

    -- the order that a moved line has left
    select ledger.order_id
    from {{ ref('stg_preorders__order_lines') }} as order_lines
    inner join {{ ledger }} as ledger on order_lines.order_line_id = ledger.order_line_id
    where order_lines.updated_at >= {{ low_water_mark() }}

    union

    -- the order that a payment or refund has left that was put right to another line
    select ledger.order_id
    from {{ ref('stg_preorders__payments') }} as payments
    inner join
        {{ ledger }} as ledger
        on payments.payment_id = ledger.entry_id
        and ledger.entry in ('deposit_collected', 'balance_collected', 'balance_failed', 'balance_relieved')
    where payments.updated_at >= {{ low_water_mark() }} and payments.order_line_id <> ledger.order_line_id

    union

    select ledger.order_id
    from {{ ref('stg_preorders__refunds') }} as refunds
    inner join {{ ledger }} as ledger on refunds.refund_id = ledger.entry_id and ledger.entry = 'refunded'
    where refunds.updated_at >= {{ low_water_mark() }} and refunds.order_line_id <> ledger.order_line_id

    union

    select order_lines.order_id
    from {{ ref('stg_preorders__payments') }} as payments
    inner join {{ ref('stg_preorders__order_lines') }} as order_lines on payments.order_line_id = order_lines.order_line_id
    where payments.updated_at >= {{ low_water_mark() }}

    union

    select order_lines.order_id
    from {{ ref('stg_preorders__refunds') }} as refunds
    inner join {{ ref('stg_preorders__order_lines') }} as order_lines on refunds.order_line_id = order_lines.order_line_id
    where refunds.updated_at >= {{ low_water_mark() }}

    union

    -- a shop's timezone and currencies date and convert its whole history
    select orders.order_id
    from {{ ref('stg_preorders__orders') }} as orders
    inner join {{ ref('stg_preorders__shops') }} as shops on orders.shop_id = shops.shop_id
    where shops.updated_at >= {{ low_water_mark() }}

    union

    select ledger.order_id
    from {{ ref('stg_preorders__fx_rates') }} as fx_rates
    inner join
        {{ ledger }} as ledger
        on fx_rates.currency in (ledger.currency, ledger.order_currency)
        and ledger.rate_on between fx_rates.rate_date and fx_rates.rate_date + {{ var('rate_carried_days') }}
    where fx_rates.updated_at >= {{ low_water_mark() }} and ledger.currency <> ledger.order_currency
{% endmacro %}
