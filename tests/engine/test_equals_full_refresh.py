"""After any sequence of changes and builds, good, failed and killed, all tables are what a rebuild makes them."""

import os
import random
import time
from contextlib import suppress
from typing import Any

import pytest
from data.changes import CHANGES
from data.tables import differing_rows, keep_tables, tables_of
from engine.under_test import BuildFailed, Engine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("PREORDERS_ENGINE_EXAMPLES", "2"))

changes = st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 10**6))
rounds = st.tuples(
    st.lists(changes, min_size=1, max_size=12),
    st.sampled_from(["built", "built", "published", "killed", "failed", "killed while rebuilding"]),
    st.floats(0.2, 2.5),
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="PREORDERS_ENGINE_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    # a smaller example would take minutes to find, and the database has changed meanwhile
    phases=[Phase.explicit, Phase.generate],
    database=None,
)
@given(st.lists(rounds, min_size=2, max_size=5))
def test_any_sequence_of_builds_equals_a_full_refresh(engine: Engine, sequence: list[tuple[Any, str, float]]) -> None:
    for made, outcome, seconds in sequence:
        with engine.stack.primary() as connection:
            for name, seed in made:
                connection.execute(CHANGES[name](random.Random(seed)).encode())
                connection.commit()
        run(engine, outcome, seconds)
    assert engine.build_and_publish().failures == []
    assert differences_from_full_refresh(engine) == {}


def run(engine: Engine, outcome: str, seconds: float) -> None:
    """Build, and break the build where the outcome says so."""
    if outcome == "built":
        engine.build()
    elif outcome == "published":
        engine.build_and_publish()
    else:
        process = engine.start_build(*(["--full-refresh"] if "rebuilding" in outcome else []))
        time.sleep(seconds)
        if outcome.startswith("killed"):
            process.kill()
        else:
            with engine.stack.primary() as connection:
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'preorders_dbt'"
                )
        process.join(60)
        assert process.exitcode is not None


def differences_from_full_refresh(engine: Engine) -> dict[str, list]:
    """Rebuild everything from nothing; return what was different before, by table."""
    with engine.stack.primary() as connection:
        for schema in ("analytics", "reports"):
            keep_tables(connection, schema)
        connection.commit()
    publication = engine.build_and_publish("--full-refresh")
    assert publication.failures == []
    with engine.stack.primary() as connection:
        found = {
            f"{schema}.{table}": rows
            for schema in ("analytics", "reports")
            for table in tables_of(connection, schema)
            if (rows := differing_rows(connection, table, schema))
        }
    rewritten = {table: (served.removed, served.written) for table, served in publication.tables.items()}
    return found or {table: [counts] for table, counts in rewritten.items() if any(counts)}


@pytest.mark.parametrize("pause", [0.7, pytest.param(0.0, marks=pytest.mark.long)])
def test_two_builds_at_once_never_count_twice(engine: Engine, pause: float) -> None:
    draw = random.Random(pause)
    with engine.stack.primary() as connection:
        for name in draw.sample(sorted(CHANGES), 6):
            connection.execute(CHANGES[name](draw).encode())
            connection.commit()
    first = engine.start_build()
    time.sleep(pause)
    # dbt by hand takes no lock: the two replace each other's views and one or both may fail, but none miscounts
    with suppress(BuildFailed):
        engine.build()
    first.join(60)
    assert engine.build_and_publish().failures == []
    assert differences_from_full_refresh(engine) == {}


# Each as if it were committed after the changed orders were listed: no updated_at tells of the order that it leaves.
MOVED_MEANWHILE = {
    "a line leaves a cancelled order": """
        update app.order_lines set order_id = (
            select others.id from app.orders as others
            where others.shop_id = order_lines.shop_id and others.cancelled_at is null and not others.test
                and others.deleted_at is null
            order by others.id limit 1
        )
        where id = (
            select lines.id from app.order_lines as lines join app.orders as was on was.id = lines.order_id
            where was.cancelled_at is not null and not was.test and was.deleted_at is null and lines.balance > 0
                and was.shop_id::text like 'a0000000%'
            order by lines.id limit 1
        )
        returning order_id
    """,
    "a payment leaves a line that was paid twice": """
        update app.payments set order_line_id = lines.id
        from app.order_lines as lines join app.orders as others on others.id = lines.order_id
        where payments.id = (
            select (array_agg(paid.id order by paid.processed_at, paid.id))[1] from app.payments as paid
            join app.order_lines as paid_lines on paid_lines.id = paid.order_line_id
            join app.orders as was on was.id = paid_lines.order_id
            where paid.status = 'succeeded' and paid.portion = 'balance' and not was.test and was.deleted_at is null
                and was.cancelled_at is null and was.shop_id::text like 'a0000000%'
            group by paid.order_line_id, paid_lines.balance
            having count(*) > 1 and sum(paid.amount) > 1.2 * paid_lines.balance and paid_lines.balance > 0
            order by 1 limit 1
        )
        and lines.id = (
            select min(there.id) from app.order_lines as there join app.orders as orders on orders.id = there.order_id
            where there.shop_id = payments.shop_id and there.order_id <> payments.order_id and not orders.test
                and orders.deleted_at is null
        )
        returning lines.order_id
    """,
}


@pytest.mark.long
@pytest.mark.parametrize("moved", MOVED_MEANWHILE)
def test_what_moves_after_the_changed_orders_were_listed_leaves_nothing_behind(engine: Engine, moved: str) -> None:
    engine.build_and_publish()
    order_id = engine.scalar(MOVED_MEANWHILE[moved])
    assert order_id is not None
    engine.execute(f"insert into analytics.orders_marked values ({order_id})")
    engine.build()
    engine.build_and_publish()
    assert differences_from_full_refresh(engine) == {}


def test_nothing_changed_changes_nothing(engine: Engine) -> None:
    engine.build_and_publish()
    before = shop_builds(engine)
    publication = engine.build_and_publish()
    assert not any(served.removed or served.written for served in publication.tables.values())
    assert shop_builds(engine) == before


def shop_builds(engine: Engine) -> list[tuple]:
    with engine.stack.primary() as connection, connection.cursor() as cursor:
        return cursor.execute("select shop_id, build_id, built_at from reports.shop_builds order by 1").fetchall()
