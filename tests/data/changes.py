"""What happens to source rows over time (docs/source.md), as SQL on the rows of the awkward shops."""

import random
from collections.abc import Callable
from typing import Any

import psycopg

Change = Callable[[random.Random], str]

_SOME = "id in (select id from app.{table} where shop_id::text like 'a0000000%' order by hashint8(id + {salt}) limit {count})"


def _pick(draw: random.Random, table: str, count: int = 12) -> str:
    return _SOME.format(table=table, salt=draw.randrange(10**6), count=count)


def _shop(draw: random.Random, number: int) -> str:
    """One of the copies of a shop; where there are none, the shop."""
    return f"domain in (select domain from app.shops where domain like 'shop-%' and substr(domain, 6, strpos(domain, '.') - 6)::int % 6 = {number} order by md5(domain || {draw.randrange(10**6)}) limit 1)"


# The last line of each shop and currency, beside all orders of these: amounts keep the decimals of their currency.
_LINES_BY_CURRENCY = """
    app.orders as was
    join (
        select distinct on (orders.shop_id, orders.currency) orders.shop_id, orders.currency, lines.id, lines.order_id
        from app.orders as orders join app.order_lines as lines on lines.order_id = orders.id
        order by orders.shop_id, orders.currency, lines.id desc
    ) as lines using (shop_id, currency)
"""
CHANGES: dict[str, Change] = {
    "an order is cancelled": lambda draw: (
        f"""
        update app.orders set cancelled_at = placed_at + interval '20 days', cancel_reason = 'late', updated_at = now()
        where cancelled_at is null and {_pick(draw, "orders")}"""
    ),
    "a cancellation is taken back": lambda draw: (
        f"""
        update app.orders set cancelled_at = null, updated_at = now() where {_pick(draw, "orders")}"""
    ),
    "a timestamp is corrected": lambda draw: (
        f"""
        update app.orders set placed_at = placed_at - interval '9 days', updated_at = now()
        where {_pick(draw, "orders")}"""
    ),
    "an order is deleted": lambda draw: (
        f"""
        update app.orders set deleted_at = now(), updated_at = now() where {_pick(draw, "orders")}"""
    ),
    "an order moves to another market": lambda draw: (
        f"""
        update app.orders set market_id = null, updated_at = now() where {_pick(draw, "orders")}"""
    ),
    "a quantity is lowered": lambda draw: (
        f"""
        update app.order_lines set quantity = greatest(quantity - 1, 1), updated_at = now()
        where {_pick(draw, "order_lines")}"""
    ),
    "a line moves to another variant and offer": lambda draw: (
        f"""
        update app.order_lines as lines set variant_id = pairs.variant_id, offer_id = pairs.offer_id, updated_at = now()
        from app.offer_variants as pairs
        where pairs.shop_id = lines.shop_id and {_pick(draw, "order_lines").replace("id in", "lines.id in")}"""
    ),
    "a line is taken out": lambda draw: (
        f"""
        with gone as (delete from app.order_lines where {_pick(draw, "order_lines", 5)} returning order_id)
        update app.orders set updated_at = now() where id in (select order_id from gone)"""
    ),
    "a payment succeeds late": lambda draw: (
        f"""
        update app.payments set status = 'succeeded', processed_at = timestamptz '2024-11-20 10:00Z', updated_at = now()
        where status <> 'succeeded' and {_pick(draw, "payments")}"""
    ),
    "a payment is corrected": lambda draw: (
        f"""
        update app.payments set amount = amount + 1, processed_at = processed_at - interval '33 hours', updated_at = now()
        where {_pick(draw, "payments")}"""
    ),
    "a payment is put right to another order's line": lambda draw: (
        f"""
        update app.payments as payments set order_line_id = lines.id, order_id = lines.order_id, updated_at = now()
        from {_LINES_BY_CURRENCY}
        where was.id = payments.order_id and {_pick(draw, "payments", 5).replace("id in", "payments.id in")}"""
    ),
    "a refund is put right to another order's line": lambda draw: (
        f"""
        update app.refunds as refunds set order_line_id = lines.id, order_id = lines.order_id, updated_at = now()
        from {_LINES_BY_CURRENCY}
        where was.id = refunds.order_id and {_pick(draw, "refunds", 3).replace("id in", "refunds.id in")}"""
    ),
    "an order arrives late": lambda draw: (
        f"""
        with late as (
            insert into app.orders (id, shop_id, name, customer_id, market_id, currency, placed_at)
            select (select max(id) from app.orders) + 10000000 + row_number() over (), shop_id, 'late', customer_id,
                market_id, currency, placed_at - interval '3 hours'
            from app.orders where {_pick(draw, "orders", 4)}
            returning id, shop_id, currency
        )
        insert into app.order_lines (id, shop_id, order_id, offer_id, product_id, variant_id, quantity, total, deposit,
            balance, balance_due_on)
        select (select max(id) from app.order_lines) + row_number() over (), late.shop_id, late.id, lines.offer_id,
            lines.product_id, lines.variant_id, 2, lines.total, lines.deposit, lines.balance, lines.balance_due_on
        from late, lateral (
            select alike.* from app.order_lines as alike join app.orders as was on was.id = alike.order_id
            where was.shop_id = late.shop_id and was.currency = late.currency limit 2
        ) as lines"""
    ),
    "an order is loaded with an old updated_at": lambda draw: (
        f"""
        with old as (
            update app.orders set updated_at = '2020-01-01', test = false, deleted_at = null
            where {_pick(draw, "orders", 4)} and (test or deleted_at is not null)
                and updated_at < now() - interval '1 day' -- never counted: of others updated_at doesn't move back
            returning id
        )
        update app.order_lines set updated_at = '2020-01-01' where order_id in (select id from old)"""
    ),
    "an order turns out to be a test": lambda draw: (
        f"""
        update app.orders set test = true, updated_at = now() where {_pick(draw, "orders", 3)}"""
    ),
    "a line moves to another order": lambda draw: (
        f"""
        update app.order_lines as lines set order_id = others.id, updated_at = now()
        from app.orders as was
        join (select shop_id, currency, max(id) as id from app.orders group by 1, 2) as others using (shop_id, currency)
        where was.id = lines.order_id and {_pick(draw, "order_lines", 3).replace("id in", "lines.id in")}"""
    ),
    "a customer is exchanged": lambda draw: (
        f"""
        update app.orders set customer_id = nullif(customer_id, 3) + 1, updated_at = now() where {_pick(draw, "orders")}"""
    ),
    "a refund arrives late": lambda draw: (
        f"""
        insert into app.refunds (id, shop_id, order_id, order_line_id, amount, refunded_at)
        select (select max(id) from app.refunds) + row_number() over (), shop_id, order_id, id, total, '2024-12-01 10:00Z'
        from app.order_lines where {_pick(draw, "order_lines", 5)}"""
    ),
    "a rate is corrected": lambda draw: (
        f"""
        update app.fx_rates set per_eur = per_eur * 1.07, updated_at = now()
        where currency in ('USD', 'JPY') and rate_date = date '2024-11-04' + {draw.randrange(30)}"""
    ),
    "a rate is taken out": lambda draw: (
        f"""
        delete from app.fx_rates where currency in ('EUR', 'GBP', 'KWD') and rate_date = date '2024-11-04' + {draw.randrange(30)}"""
    ),
    "a missing rate arrives": lambda draw: (
        f"""
        insert into app.fx_rates (rate_date, currency, per_eur)
        values (date '2024-11-04' + {draw.randrange(20)}, 'CLF', 0.027) on conflict do nothing"""
    ),
    "a shop changes its timezone": lambda draw: (
        f"""
        update app.shops set timezone = '{draw.choice(["Asia/Tokyo", "Europe/Lisbon"])}', updated_at = now()
        where {_shop(draw, 1)}"""
    ),
    "a shop changes its currencies": lambda draw: (
        f"""
        update app.shops set reporting_currencies = '{{USD}}', currency = 'EUR', updated_at = now()
        where {_shop(draw, 2)}"""
    ),
    "names change and a customer is redacted": lambda draw: (
        f"""
        update app.offers set name = name || ' (renamed)', updated_at = now()
        where id in (select id from app.offers order by id limit 3);
        update app.customers set redacted_at = now(), updated_at = now() where {_pick(draw, "customers", 3)}"""
    ),
    "products and offers' variants are deleted": lambda draw: (
        f"""
        delete from app.products where {_pick(draw, "products", 1)};
        delete from app.offer_variants where md5(offer_id::text || variant_id || {draw.randrange(10**6)}) < '08'"""
    ),
    "a shop is renamed": lambda draw: (
        f"""
        update app.shops set name = name || '!', updated_at = now() where {_shop(draw, 3)}"""
    ),
    "a variant moves to another product": lambda draw: (
        f"""
        update app.variants set product_id = product_id - 1, updated_at = now() where {_pick(draw, "variants", 3)}"""
    ),
}


def change_source(connection: psycopg.Connection[Any], draw: random.Random) -> None:
    """Make every kind of change once, in random order, each in a transaction of its own."""
    for name in draw.sample(sorted(CHANGES), len(CHANGES)):
        with connection.transaction():
            connection.execute(CHANGES[name](draw).encode())
