"""A transaction that set updated_at and commits after a build, or after several, is in the next one."""

import time
from collections.abc import Iterator

import psycopg
import pytest
from engine.under_test import Engine

from local.home import open_home
from local.postgres import connect
from local.readiness import wait_until_ready
from local.supervision import Supervisor

# the mark alone must find the change: five minutes of tolerance would hide a wrong one
WITHOUT_SKEW = ("--vars", "{clock_skew: 0 seconds}")


def cancel_one(connection: psycopg.Connection) -> int:
    """Cancel an order of one unit and more, and leave the transaction open; return the order's id."""
    row = connection.execute(
        """
        update app.orders set cancelled_at = placed_at, updated_at = now()
        where id = (
            select id from app.orders
            where cancelled_at is null and not test and deleted_at is null and shop_id::text like 'a0000000%'
                and id in (select order_id from app.order_lines)
            order by id limit 1
        )
        returning id
        """
    ).fetchone()
    assert row is not None
    return int(row[0])


def is_cancelled(engine: Engine, order_id: int) -> bool:
    with engine.stack.primary() as connection:
        query = "select bool_and(cancelled_on is not null) from reports.fct_order_variants where order_id = %s"
        return connection.execute(query, (order_id,)).fetchone() == (True,)


def test_a_transaction_open_during_builds_is_in_the_next_one(engine: Engine) -> None:
    engine.build_and_publish(*WITHOUT_SKEW)
    with engine.stack.primary() as late:
        order_id = cancel_one(late)
        for _ in range(2):
            _others_commit(engine)
            engine.build_and_publish(*WITHOUT_SKEW)
            assert not is_cancelled(engine, order_id)
        late.commit()
    engine.build_and_publish(*WITHOUT_SKEW)
    assert is_cancelled(engine, order_id)


@pytest.fixture
def two_phase(engine: Engine) -> Iterator[psycopg.Connection]:
    """Return a connection to a server that knows prepared transactions, which needs a restart."""
    home = open_home(engine.stack.home)
    supervisor = Supervisor(home)
    for part in ("replica", "primary"):  # the replica first: it must allow as many as the primary
        with connect(home, "preorders", part) as server:
            server.execute("alter system set max_prepared_transactions = 2")
        supervisor.stop(part)
        supervisor.start(part)
        wait_until_ready(home, part, lambda part=part: connect(home, "preorders", part).close(), 60)
    with engine.stack.primary() as connection:
        connection.autocommit = True
        yield connection


@pytest.mark.long
def test_a_prepared_transaction_is_in_the_build_after_it_commits(engine: Engine, two_phase: psycopg.Connection) -> None:
    engine.build_and_publish(*WITHOUT_SKEW)
    two_phase.execute("begin")
    order_id = cancel_one(two_phase)
    two_phase.execute("prepare transaction 'late'")
    try:
        for _ in range(2):
            _others_commit(engine)
            engine.build_and_publish(*WITHOUT_SKEW)
            assert not is_cancelled(engine, order_id)
        two_phase.execute("commit prepared 'late'")
    except BaseException:
        two_phase.execute("rollback prepared 'late'")
        raise
    engine.build_and_publish(*WITHOUT_SKEW)
    assert is_cancelled(engine, order_id)


@pytest.mark.parametrize("pause", [0.5, pytest.param(1.3, marks=pytest.mark.long)])
def test_a_transaction_that_commits_while_a_build_runs_is_in_it_or_the_next(engine: Engine, pause: float) -> None:
    with engine.stack.primary() as late:
        order_id = cancel_one(late)
        build = engine.start_build()
        time.sleep(pause)
        late.commit()
        build.join(60)
        assert build.exitcode == 0
    _others_commit(engine)
    engine.build_and_publish()
    assert is_cancelled(engine, order_id)


def _others_commit(engine: Engine) -> None:
    with engine.stack.primary() as connection:
        connection.execute(
            "update app.orders set updated_at = now() where id in (select id from app.orders order by id desc limit 3)"
        )


@pytest.mark.long
def test_a_clock_that_is_set_back_loses_nothing(engine: Engine) -> None:
    engine.build_and_publish()
    # as the server's clock had it, which was two hours ahead until now
    engine.execute("update analytics.build_watermarks set low_water_at = low_water_at + interval '2 hours'")
    with engine.stack.primary() as connection:
        order_id = cancel_one(connection)
    engine.build_and_publish()
    assert is_cancelled(engine, order_id)
