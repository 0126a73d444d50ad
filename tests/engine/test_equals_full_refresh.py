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

EXAMPLES = int(os.environ.get("PREORDERS_ENGINE_EXAMPLES", "3"))

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


def test_nothing_changed_changes_nothing(engine: Engine) -> None:
    engine.build_and_publish()
    before = shop_builds(engine)
    publication = engine.build_and_publish()
    assert not any(served.removed or served.written for served in publication.tables.values())
    assert shop_builds(engine) == before


def shop_builds(engine: Engine) -> list[tuple]:
    with engine.stack.primary() as connection, connection.cursor() as cursor:
        return cursor.execute("select shop_id, build_id, built_at from reports.shop_builds order by 1").fetchall()
