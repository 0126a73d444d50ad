-- Refunds: of what a cancelled order had paid, mostly, and as goodwill on orders that stand.

insert into app.refunds (id, shop_id, order_id, order_line_id, amount, refunded_at, updated_at)
with collected as (
    select
        order_line_id,
        sum(amount) as amount,
        max(processed_at) as paid_at
    from app.payments
    where status = 'succeeded'
    group by order_line_id
),

refunded as (
    select
        order_lines.id as order_line_id,
        order_lines.shop_id,
        order_lines.order_id,
        case
            when demo_order.cancelled_at is not null then collected.amount
            else round(collected.amount * (array[0.1, 0.15, 0.25, 1])[goodwill], scale(shop.unit))
        end as amount,
        case
            when demo_order.cancelled_at is not null
                then demo_order.cancelled_at + waiting * interval '30 hours'
            else collected.paid_at + waiting * interval '12 days'
        end as refunded_at
    from collected
    inner join app.order_lines on collected.order_line_id = order_lines.id
    inner join demo_order on order_lines.order_id = demo_order.id
    inner join demo_shop as shop on demo_order.shop_number = shop.number
    cross join lateral (
        select
            1 + pg_temp.draw(order_lines.id, 'goodwill', 4) as goodwill,
            pg_temp.wait(order_lines.id, 'refund wait', 1) as waiting
    ) as draws
    where
        -- Drawn by order after a cancellation, for its lines are refunded together, else by line.
        case
            when demo_order.cancelled_at is not null then pg_temp.chance(demo_order.id, 'refund') < 0.8
            else demo_order.deleted_at is null and pg_temp.chance(order_lines.id, 'refund') < 0.008
        end
)

select
    3000000000 + row_number() over (order by refunded_at, order_line_id),
    shop_id,
    order_id,
    order_line_id,
    amount,
    refunded_at,
    refunded_at
from refunded
where amount > 0 and refunded_at < %(horizon)s
order by refunded_at, order_line_id;
