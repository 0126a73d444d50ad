{{ config(meta={'dagster': {'ref': {'name': 'fct_ledger'}}}) }}

-- Identity 4, at the end of time: the steps of each line add up to its open balance, computed here from its
-- definition. Only lines in their order's own currency, where no rate takes part.
with

lines_placed as (

    select * from {{ ref('int_order_lines_placed') }}

),

payments as (

    select * from {{ ref('int_line_payments') }}

),

balances_paid as (

    select
        order_line_id,
        sum(amount_minor) as paid_minor
    from payments
    where portion = 'balance' and status = 'succeeded'
    group by order_line_id

),

balances_open as (

    select
        lines_placed.order_line_id,
        lines_placed.order_currency,
        case
            when lines_placed.cancelled_at is not null then 0
            else greatest(lines_placed.balance_minor - coalesce(balances_paid.paid_minor, 0), 0)
        end as open_minor
    from lines_placed
    left join balances_paid on lines_placed.order_line_id = balances_paid.order_line_id

),

steps_summed as (

    select
        order_line_id,
        currency,
        sum(balances_outstanding_minor) as open_minor,
        sum(lines_outstanding) as open_lines
    from {{ ref('fct_ledger') }}
    where currency = order_currency
    group by order_line_id, currency

)

select balances_open.*
from balances_open
inner join
    steps_summed
    on
        balances_open.order_line_id = steps_summed.order_line_id
        and balances_open.order_currency = steps_summed.currency
where
    balances_open.open_minor <> steps_summed.open_minor
    or (balances_open.open_minor > 0)::int <> steps_summed.open_lines
