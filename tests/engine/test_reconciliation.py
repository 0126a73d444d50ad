"""Rows that vanish without a trace, and sums that drift, are found by the next reconciliation and mended."""

import random
from collections.abc import Iterator
from datetime import datetime

import psycopg
import pytest
from data.changes import CHANGES
from engine.test_equals_full_refresh import differences_from_full_refresh
from engine.under_test import Engine

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


def test_sums_that_drifted_are_found_and_mended(engine: Engine, publisher: psycopg.Connection) -> None:
    execute(
        engine,
        "update analytics.rollup_customers_daily set units = units + 1 where shop_id::text like '%1'",
        "delete from analytics.fct_order_variants where shop_id::text like '%2'",
        "update reports.rollup_variants_weekly set units = units + 1 where shop_id::text like '%3'",
    )
    result = reconciled(engine, publisher)
    assert {difference.audit for difference in result.found} == {
        "customers equal the ledger",
        "orders equal the ledger",
    }
    assert result.left == []
    assert differences_from_full_refresh(engine) == {}


def test_what_the_next_build_brings_is_no_difference(engine: Engine, publisher: psycopg.Connection) -> None:
    execute(engine, *(CHANGES[name](random.Random(3)) for name in sorted(CHANGES) if "rate" not in name))
    assert engine.build_and_publish().failures == []
    result = reconciled(engine, publisher)
    assert result.found == [] and result.orders_rebuilt == 0
