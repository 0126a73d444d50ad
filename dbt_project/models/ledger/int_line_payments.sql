with

payments as (

    select * from {{ ref('stg_preorders__payments') }}

),

lines_placed as (

    select * from {{ ref('int_order_lines_placed') }}

),

payments_processed as (

    select
        payments.payment_id,
        payments.order_line_id,

        payments.portion,
        payments.status,

        {{ minor_units('payments.amount', 'lines_placed.order_minor_per_major') }} as amount_minor,

        payments.portion = 'balance'
        and payments.status = 'succeeded'
        and (lines_placed.cancelled_at is null or payments.processed_at <= lines_placed.cancelled_at) as is_relieving,

        payments.processed_at
    from payments
    inner join lines_placed on payments.order_line_id = lines_placed.order_line_id
    where payments.processed_at is not null and payments.status in ('succeeded', 'failed')

)

select
    *,
    case
        when is_relieving
            then {{ bounded('sum(amount_minor) over (
                partition by order_line_id, is_relieving
                order by processed_at, payment_id
                rows between unbounded preceding and current row
            )') }}
    end as balance_paid_minor
from payments_processed
