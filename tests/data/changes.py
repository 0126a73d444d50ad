"""What happens to source rows over time (docs/source.md), as SQL on the rows of the awkward shops."""

import random
from collections.abc import Callable
from typing import Any

import psycopg

Change = Callable[[random.Random], str]

_SOME = "id in (select id from app.{table} where shop_id::text like 'a0000000%' order by hashint8(id + {salt}) limit {count})"


def _pick(draw: random.Random, table: str, count: int = 12) -> str:
    return _SOME.format(table=table, salt=draw.randrange(10**6), count=count)


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
    "a refund arrives late": lambda draw: (
        f"""
        insert into app.refunds (id, shop_id, order_id, order_line_id, amount, refunded_at)
        select id + 50000000 + {draw.randrange(10**6)} * 100, shop_id, order_id, id, total, '2024-12-01 10:00Z'
        from app.order_lines where {_pick(draw, "order_lines", 5)}"""
    ),
    "a rate is corrected": lambda draw: (
        f"""
        update app.fx_rates set per_eur = per_eur * 1.07, updated_at = now()
        where currency in ('USD', 'JPY') and rate_date = date '2024-11-04' + {draw.randrange(30)}"""
    ),
    "a missing rate arrives": lambda draw: (
        f"""
        insert into app.fx_rates (rate_date, currency, per_eur)
        values (date '2024-11-04' + {draw.randrange(20)}, 'CLF', 0.027) on conflict do nothing"""
    ),
    "a shop changes its timezone": lambda draw: (
        f"""
        update app.shops set timezone = '{draw.choice(["Asia/Tokyo", "Europe/Lisbon"])}', updated_at = now()
        where domain = 'shop-1.example'"""
    ),
    "a shop changes its currencies": lambda draw: (
        """
        update app.shops set reporting_currencies = '{USD}', currency = 'EUR', updated_at = now()
        where domain = 'shop-2.example'"""
    ),
    "names change and a customer is redacted": lambda draw: (
        f"""
        update app.offers set name = name || ' (renamed)', updated_at = now()
        where id in (select id from app.offers order by id limit 3);
        update app.customers set redacted_at = now(), updated_at = now() where {_pick(draw, "customers", 3)}"""
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
