-- The source's side is computed from the events' own tables, without the ledger's models: counts and amounts
-- in the order's currency. Orders that the next build will replace anyway are left out on both sides.
with

orders_changed as (

    {{ orders_changed_since_last_build(ref('fct_ledger')) }}

),

shops as (

    select * from {{ ref('stg_preorders__shops') }}

),

lines_settled as (

    select
        order_lines.order_line_id,
        order_lines.quantity,
        order_lines.total,
        orders.shop_id,
        orders.placed_at,
        orders.cancelled_at,
        shops.timezone,
        currencies.minor_per_major
    from {{ ref('stg_preorders__order_lines') }} as order_lines
    inner join {{ ref('stg_preorders__orders') }} as orders on order_lines.order_id = orders.order_id
    inner join shops on orders.shop_id = shops.shop_id
    inner join {{ ref('stg_preorders__currencies') }} as currencies on orders.currency = currencies.currency
    where orders.is_counted and not exists (
        select from orders_changed
        where orders_changed.order_id = orders.order_id
    )

),

source_events as (

    select
        shop_id,
        timezone,
        'placed' as entry,
        placed_at as occurred_at,
        total * minor_per_major as amount
    from lines_settled
    union all
    select
        shop_id,
        timezone,
        'cancelled',
        cancelled_at,
        total * minor_per_major
    from lines_settled
    where cancelled_at is not null
    union all
    select
        lines_settled.shop_id,
        lines_settled.timezone,
        case
            when payments.portion = 'deposit' then 'deposit_collected'
            when payments.status = 'succeeded' then 'balance_collected'
            else 'balance_failed'
        end,
        payments.processed_at,
        payments.amount * lines_settled.minor_per_major
    from {{ ref('stg_preorders__payments') }} as payments
    inner join lines_settled on payments.order_line_id = lines_settled.order_line_id
    where
        payments.processed_at is not null
        and (payments.status = 'succeeded' or (payments.status = 'failed' and payments.portion = 'balance'))
    union all
    select
        lines_settled.shop_id,
        lines_settled.timezone,
        'refunded',
        refunds.refunded_at,
        refunds.amount * lines_settled.minor_per_major
    from {{ ref('stg_preorders__refunds') }} as refunds
    inner join lines_settled on refunds.order_line_id = lines_settled.order_line_id

),

source_sums as (

    select
        shop_id,
        date_trunc('month', occurred_at at time zone timezone)::date as month,
        entry,
        count(*) as events,
        sum(amount::bigint)::bigint as amount_minor
    from source_events
    group by 1, 2, 3

),

ledger_sums as (

    select
        ledger.shop_id,
        date_trunc('month', ledger.entry_on::timestamp)::date as month,
        ledger.entry,
        count(*) as events,
        sum(ledger.order_amount_minor)::bigint as amount_minor
    from {{ ref('fct_ledger') }} as ledger
    inner join shops on ledger.shop_id = shops.shop_id and ledger.currency = shops.currency
    where
        ledger.events = 1
        and not exists (
            select from orders_changed
            where orders_changed.order_id = ledger.order_id
        )
    group by 1, 2, 3

)

select
    coalesce(source_sums.shop_id, ledger_sums.shop_id) as shop_id,
    coalesce(source_sums.month, ledger_sums.month) as month,
    coalesce(source_sums.entry, ledger_sums.entry) as entry,
    source_sums.events as source_events,
    ledger_sums.events as ledger_events,
    source_sums.amount_minor as source_amount_minor,
    ledger_sums.amount_minor as ledger_amount_minor
from source_sums
full outer join
    ledger_sums
    on
        source_sums.shop_id = ledger_sums.shop_id
        and source_sums.month = ledger_sums.month
        and source_sums.entry = ledger_sums.entry
where
    source_sums.events is distinct from ledger_sums.events
    or source_sums.amount_minor is distinct from ledger_sums.amount_minor
