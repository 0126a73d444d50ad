"""The faults of a soak: each happens and is over, without a hand that mends anything."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from conftest import Stack
from faults import kill, processes_of, receiver_cut, receiver_stopped, replay_paused, stopped

PARTS = ("primary", "replica", "s3", "api", "exports", "exports-worker", "rollups-worker", "webserver", "daemon")
PLACES = ("claimed", "after a part", "copied", "completed", "before ready", "after ready", "job written")
ENDED = "select pg_terminate_backend(pid) from pg_stat_activity where usename = any(%s) and pid <> pg_backend_pid()"
CANCELLED = "select pg_cancel_backend(pid) from pg_stat_activity where usename = any(%s) and pid <> pg_backend_pid()"

Fault = Callable[[Stack, random.Random], None]


def lags(stack: Stack, draw: random.Random) -> None:
    with draw.choice([replay_paused, receiver_stopped, receiver_cut])(stack):
        time.sleep(draw.uniform(2, 40))


def is_stopped(part: str) -> Fault:
    def fault(stack: Stack, draw: random.Random) -> None:
        with stopped(stack, part):
            time.sleep(draw.uniform(1, 8))

    return fault


def is_killed(part: str) -> Fault:
    return lambda stack, draw: kill(stack, part)


def loses_connections(server: str, statement: str) -> Fault:
    """57P01 for all sessions, or 57014 for all statements, of the API, the exports and dbt."""

    def fault(stack: Stack, draw: random.Random) -> None:
        with psycopg.connect(stack.environment[f"PREORDERS_{server}_DSN"], autocommit=True) as connection:
            for _ in range(draw.randrange(1, 20)):
                connection.execute(statement.encode(), [["preorders_api", "preorders_exports", "preorders_dbt"]])
                time.sleep(0.1)

    return fault


def loses_an_export(stack: Stack, draw: random.Random) -> None:
    Path(stack.home / "crash_point").write_text(f"kill: {draw.choice(PLACES)}")
    time.sleep(10)
    Path(stack.home / "crash_point").unlink(missing_ok=True)


def loses_a_build(stack: Stack, draw: random.Random) -> None:
    """Kill whatever runs as a child of the builds' worker; it may be between builds."""
    for process in processes_of(stack, "run_worker", "orchestration.rollups")[1:]:
        os.kill(process, signal.SIGKILL)


FAULTS: dict[str, Fault] = {
    "the replica lags": lags,
    **{f"{part} stopped": is_stopped(part) for part in PARTS},
    **{f"{part} killed": is_killed(part) for part in PARTS},
    "connections of the primary ended": loses_connections("PRIMARY", ENDED),
    "connections of the replica ended": loses_connections("REPLICA", ENDED),
    "statements on the replica cancelled": loses_connections("REPLICA", CANCELLED),
    "an export killed at a named place": loses_an_export,
    "a build killed": loses_a_build,
}
