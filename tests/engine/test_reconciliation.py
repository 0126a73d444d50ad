"""Rows that vanish without a trace, and sums that drift, are found by the next reconciliation and mended."""

import random
from collections.abc import Iterator
from datetime import datetime

import psycopg
import pytest
from data.changes import CHANGES
from engine.test_equals_full_refresh import differences_from_full_refresh
from engine.under_test import Engine

from orchestration.rollups.publish import Publication
from orchestration.rollups.reconciliation import Reconciliation, reconcile


@pytest.fixture
def publisher(engine: Engine) -> Iterator[psycopg.Connection]:
    engine.build_and_publish()
    with psycopg.connect(engine.stack.environment["PREORDERS_PUBLISHER_DSN"], autocommit=True) as connection:
        yield connection


def reconciled(engine: Engine, publisher: psycopg.Connection) -> Reconciliation:
    def rebuild(*names: str) -> None:
        engine.build(*(("--full-refresh", "--select", *names) if names else ()))

    return reconcile(publisher, rebuild, lambda: engine.publish(every_row=True))


def execute(engine: Engine, *statements: str) -> None:
    with engine.stack.primary() as connection:
        for statement in statements:
            connection.execute(statement.encode())


def reconciled_at(engine: Engine) -> dict[str, datetime]:
    with engine.stack.primary() as connection:
        return dict(connection.execute("select shop_id::text, reconciled_at from reports.shop_builds").fetchall())


PURGED = """
    select id from app.orders
    where
        shop_id::text like 'a0000000%' and not test and deleted_at is null
        and id in (select order_id from app.order_lines) and updated_at < now() - interval '10 minutes'
    order by md5(id::text) limit 7
"""


def test_a_purge_is_found_and_mended(engine: Engine, publisher: psycopg.Connection) -> None:
    first_three = "where id in (select id from app.payments"
    execute(
        engine,
        "create table purged as " + PURGED,
        "create table purged_lines as select id from app.order_lines where order_id in (table purged)",
        "delete from app.payments where order_line_id in (table purged_lines)",
        "delete from app.order_lines where order_id in (table purged)",
        "delete from app.orders where id in (select id from purged order by id limit 5)",
        "drop table purged, purged_lines",
        f"delete from app.payments {first_three} where status = 'succeeded' order by id limit 3)",
    )
    before = reconciled_at(engine)
    result = reconciled(engine, publisher)
    assert result.orders_rebuilt >= 7
    assert all(difference.audit == "ledger equals source" for difference in result.found)
    assert any(difference.metric == "placed events" and difference.day for difference in result.found)
    assert result.left == []
    after = reconciled_at(engine)
    assert after.keys() == before.keys() and all(after[shop] and after[shop] != before[shop] for shop in after)
    assert differences_from_full_refresh(engine) == {}


def test_a_shop_is_dated_by_when_it_was_compared(engine: Engine, publisher: psycopg.Connection) -> None:
    published_at: list[datetime] = []

    def publish_every_row() -> Publication:
        published_at.extend(publisher.execute("select clock_timestamp()").fetchone() or ())
        return engine.publish(every_row=True)

    assert reconcile(publisher, engine.build, publish_every_row).left == []
    assert all(at < published_at[0] for at in reconciled_at(engine).values()), "what came later was not looked at"


# Edits that leave every count and amount of a month alone, of one order each; its id is %(order)s.
SILENT_EDITS = {
    "variant": "update app.order_lines set variant_id = variant_id + 1 where order_id = %(order)s",
    "product": "update app.order_lines set product_id = product_id + 1 where order_id = %(order)s",
    "offer": "update app.order_lines set offer_id = gen_random_uuid() where order_id = %(order)s",
    "quantity": "update app.order_lines set quantity = quantity + 1 where order_id = %(order)s",
    "deposit": "update app.order_lines set deposit = total - deposit, balance = deposit where order_id = %(order)s",
    "due date": "update app.order_lines set balance_due_on = date '2031-01-01' where order_id = %(order)s",
    "market": "update app.orders set market_id = coalesce(market_id, 0) + 1 where id = %(order)s",
    "customer": "update app.orders set customer_id = coalesce(customer_id, 0) + 1 where id = %(order)s",
    "cancel reason": "update app.orders set cancel_reason = 'moved' where id = %(order)s",
    "instant": "update app.orders set placed_at = placed_at + interval '1 microsecond' where id = %(order)s",
    "line's order": """
        update app.order_lines set order_id = (
            select others.id from app.orders as others join app.orders as was using (shop_id, currency, placed_at)
            where was.id = %(order)s and others.id <> was.id
        )
        where order_id = %(order)s
    """,
}


@pytest.mark.long
def test_silent_edits_that_leave_the_sums_alone_are_found_and_mended(
    engine: Engine, publisher: psycopg.Connection
) -> None:
    with engine.stack.primary() as connection:
        rows = connection.execute(
            """
            select id from app.orders
            where
                shop_id::text like 'a0000000%%' and not test and deleted_at is null
                -- what was updated of late is computed anew by the next build, and so never silent
                and not exists (
                    select from (
                        select id as order_id, updated_at from app.orders
                        union all
                        select order_id, updated_at from app.order_lines
                        union all
                        select order_id, updated_at from app.payments
                        union all
                        select order_id, updated_at from app.refunds
                    ) as updates
                    where updates.order_id = orders.id and updates.updated_at > now() - interval '30 minutes'
                )
                and currency = (select currency from app.shops where shops.id = orders.shop_id)
                and id in (select order_id from app.order_lines where deposit <> balance)
            order by md5(id::text) limit %s
            """,
            (len(SILENT_EDITS),),
        ).fetchall()
        edited = dict(zip(SILENT_EDITS, [order for (order,) in rows], strict=True))
        # an order without lines, of the same instant, for a line to move to
        connection.execute(
            """
            insert into app.orders (id, shop_id, name, currency, placed_at, updated_at)
            select (select max(id) from app.orders) + 1, shop_id, 'alike', currency, placed_at, updated_at
            from app.orders where id = %s
            """,
            (edited["line's order"],),
        )
        for name, edit in SILENT_EDITS.items():
            assert connection.execute(edit.encode(), {"order": edited[name]}).rowcount > 0, name
    result = reconciled(engine, publisher)
    found = {difference.subject for difference in result.found}
    assert {name for name, order in edited.items() if f"order {order}" not in found} == set()
    assert result.left == []
    assert differences_from_full_refresh(engine) == {}


def test_sums_that_drifted_are_found_and_mended(engine: Engine, publisher: psycopg.Connection) -> None:
    execute(
        engine,
        "update analytics.rollup_customers_daily set units = units + 1 where shop_id::text like '%1'",
        "delete from analytics.fct_order_variants where shop_id::text like '%2'",
        "update analytics.fct_order_variants set market_id = -1 where shop_id::text like '%4'",
        "update reports.rollup_variants_weekly set units = units + 1 where shop_id::text like '%3'",
        "update analytics.rollup_offers_monthly set orders = orders + 1 where shop_id::text like '%4'",
        "update analytics.rollup_customer_gaps set entries = entries + 1 where shop_id::text like '%3'",
        "delete from analytics.fct_customer_days where shop_id::text like '%1' and offer_id is null",
        "delete from analytics.fct_missing_rates",
    )
    result = reconciled(engine, publisher)
    assert {difference.audit for difference in result.found} == {
        "customers equal the ledger",
        "orders equal the ledger",
        "counts of shops equal the orders",
        "counts of offers equal the orders",
        "counts of products equal the orders",
        "counts of offer_variants equal the orders",
        "counts of reasons equal the orders",
        "counts of cancellations equal the orders",
        "days of customers equal the orders",
        "days of customers are counted",
        "missing rates equal the ledger",
    }
    assert result.left == []
    assert differences_from_full_refresh(engine) == {}


@pytest.mark.long
def test_a_ledger_that_was_tampered_with_is_made_anew(engine: Engine, publisher: psycopg.Connection) -> None:
    execute(
        engine,
        "update analytics.fct_ledger set revenue_minor = revenue_minor + 1"
        " where entry = 'placed' and shop_id::text like '%1' and currency = order_currency and order_line_id % 7 = 0"
        " and currency = (select currency from analytics.dim_shops as shops where shops.shop_id = fct_ledger.shop_id)",
    )
    result = reconciled(engine, publisher)
    assert "ledger equals source" in {difference.audit for difference in result.found}
    assert result.orders_rebuilt > 0 and result.left == [] and result.shops_held_back == set()
    assert differences_from_full_refresh(engine) == {}


def test_what_the_next_build_brings_is_no_difference(engine: Engine, publisher: psycopg.Connection) -> None:
    execute(engine, *(CHANGES[name](random.Random(3)) for name in sorted(CHANGES) if "rate" not in name))
    assert engine.build_and_publish().failures == []
    result = reconciled(engine, publisher)
    assert result.orders_rebuilt == 0 and list(map(str, result.found)) == []
