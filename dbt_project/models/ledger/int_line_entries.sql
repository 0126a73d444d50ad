with

lines_placed as (

    select * from {{ ref('int_order_lines_placed') }}

),

payments as (

    select * from {{ ref('int_line_payments') }}

),

refunds as (

    select * from {{ ref('stg_preorders__refunds') }}

),

balances_relieved as (

    select
        order_line_id,
        {{ bounded('sum(amount_minor)') }} as balance_paid_minor
    from payments
    where is_relieving
    group by order_line_id

),

entries as (

    select
        order_line_id,
        'placed' as entry,
        order_line_id as entry_id,
        placed_at as occurred_at,
        total_minor as amount_minor,
        0::bigint as paid_before_minor,
        0::bigint as paid_after_minor
    from lines_placed

    union all

    select
        order_line_id,
        case
            when portion = 'deposit' then 'deposit_collected'
            when status = 'succeeded' then 'balance_collected'
            else 'balance_failed'
        end,
        payment_id,
        processed_at,
        amount_minor,
        0,
        0
    from payments
    where portion = 'balance' or status = 'succeeded'

    union all

    select
        order_line_id,
        'balance_relieved',
        payment_id,
        processed_at,
        0,
        balance_paid_minor - amount_minor,
        balance_paid_minor
    from payments
    where is_relieving

    union all

    select
        order_line_id,
        'cancelled',
        order_line_id,
        cancelled_at,
        total_minor,
        0,
        0
    from lines_placed
    where cancelled_at is not null

    union all

    select
        lines_placed.order_line_id,
        'balance_voided',
        lines_placed.order_line_id,
        lines_placed.cancelled_at,
        0,
        coalesce(balances_relieved.balance_paid_minor, 0),
        coalesce(balances_relieved.balance_paid_minor, 0)
    from lines_placed
    left join balances_relieved on lines_placed.order_line_id = balances_relieved.order_line_id
    where
        lines_placed.cancelled_at is not null
        and coalesce(balances_relieved.balance_paid_minor, 0) < lines_placed.balance_minor

    union all

    select
        refunds.order_line_id,
        'refunded',
        refunds.refund_id,
        refunds.refunded_at,
        {{ minor_units('refunds.amount', 'lines_placed.order_minor_per_major') }},
        0,
        0
    from refunds
    inner join lines_placed on refunds.order_line_id = lines_placed.order_line_id

),

entries_dated as (

    select
        lines_placed.*,
        entries.entry,
        entries.entry_id,
        entries.occurred_at,
        entries.amount_minor,
        entries.paid_before_minor,
        entries.paid_after_minor,
        entries.entry not in ('balance_relieved', 'balance_voided') as is_event,
        (entries.occurred_at at time zone lines_placed.timezone)::date as occurred_on
    from entries
    inner join lines_placed on entries.order_line_id = lines_placed.order_line_id

)

select
    *,
    -- a payment or cancellation dated before its order takes effect on outstanding from the order's day
    case when is_event then occurred_on else greatest(occurred_on, placed_on) end as entry_on,
    -- outstanding, and what a cancellation takes back, stay at the rate that placing booked them with
    case
        when entry in ('balance_relieved', 'balance_voided', 'cancelled') then placed_on
        else occurred_on
    end as rate_on
from entries_dated
