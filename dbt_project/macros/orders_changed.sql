{# Ids of the orders whose entries in the ledger no longer tell what the source does. `known` is a table with the
   ledger's orders, `mark` the low-water mark: as a literal where it can be, since with a subquery the planner expects
   a third of all rows to have changed, and reads the whole ledger. #}
{% macro orders_changed_since_last_build(ledger, known, mark) %}
    select orders.order_id
    from {{ ref('stg_preorders__orders') }} as orders
    where orders.updated_at >= {{ mark }}

    union

    -- whatever its updated_at says, an order that the ledger doesn't know is new
    select orders.order_id
    from {{ ref('stg_preorders__orders') }} as orders
    where orders.is_counted and not exists (select from {{ known }} as known where known.order_id = orders.order_id)

    union

    -- that a smaller sample has left
    select known.order_id
    from {{ known }} as known
    where not ({{ in_sample('known.order_id') }})

    union

    select order_lines.order_id
    from {{ ref('stg_preorders__order_lines') }} as order_lines
    where order_lines.updated_at >= {{ mark }}

    union

    -- the order that a moved line has left
    select ledger.order_id
    from {{ ref('stg_preorders__order_lines') }} as order_lines
    inner join {{ ledger }} as ledger on order_lines.order_line_id = ledger.entry_id and ledger.entry = 'placed'
    where order_lines.updated_at >= {{ mark }}

    union

    -- the order that a payment or refund has left that was put right to another line
    select ledger.order_id
    from {{ ref('stg_preorders__payments') }} as payments
    inner join
        {{ ledger }} as ledger
        on
            payments.payment_id = ledger.entry_id
            and ledger.entry in ('deposit_collected', 'balance_collected', 'balance_failed')
    where payments.updated_at >= {{ mark }} and payments.order_line_id <> ledger.order_line_id

    union

    select ledger.order_id
    from {{ ref('stg_preorders__refunds') }} as refunds
    inner join {{ ledger }} as ledger on refunds.refund_id = ledger.entry_id and ledger.entry = 'refunded'
    where refunds.updated_at >= {{ mark }} and refunds.order_line_id <> ledger.order_line_id

    union

    select order_lines.order_id
    from {{ ref('stg_preorders__payments') }} as payments
    inner join {{ ref('stg_preorders__order_lines') }} as order_lines on payments.order_line_id = order_lines.order_line_id
    where payments.updated_at >= {{ mark }}

    union

    select order_lines.order_id
    from {{ ref('stg_preorders__refunds') }} as refunds
    inner join {{ ref('stg_preorders__order_lines') }} as order_lines on refunds.order_line_id = order_lines.order_line_id
    where refunds.updated_at >= {{ mark }}

    union

    -- a shop's timezone and currencies date and convert its whole history
    select orders.order_id
    from {{ ref('stg_preorders__orders') }} as orders
    where orders.shop_id in (
        select coalesce(old.shop_id, new.shop_id)
        from {{ state('ledger_shops') }} as old
        full outer join
            (select * from {{ ref('int_shops_frozen') }} where is_computable) as new
            on old.shop_id = new.shop_id
        where (old.timezone, old.currencies) is distinct from (new.timezone, new.currencies)
    )

    union

    -- of a shop that is gone with its orders
    select ledger.order_id
    from {{ ledger }} as ledger
    where ledger.shop_id in (
        select old.shop_id from {{ state('ledger_shops') }} as old
        where old.shop_id not in (select shops.shop_id from {{ ref('int_shops_frozen') }} as shops)
    )

    union

    -- a rate that came, went or was corrected; by day, so that the index on rate_on serves
    select converted.order_id
    from (
        select
            coalesce(old.day, new.day) as day,
            array_agg(coalesce(old.currency, new.currency)) as currencies
        from {{ state('ledger_rates') }} as old
        full outer join
            {{ ref('int_fx_rates_daily') }} as new
            on old.currency = new.currency and old.day = new.day
        where old.per_eur is distinct from new.per_eur
        group by 1
    ) as rates
    cross join lateral (
        select ledger.order_id
        from {{ ledger }} as ledger
        where
            ledger.rate_on = rates.day
            and ledger.currency <> ledger.order_currency
            and array[ledger.currency, ledger.order_currency] && rates.currencies
        offset 0
    ) as converted

    union

    select orders_marked.order_id
    from {{ state('orders_marked') }}
{% endmacro %}
