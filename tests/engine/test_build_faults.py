"""Builds in Dagster that are killed, lose their server, or meet: readers keep the last build, the next one is right."""

import os
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from subprocess import CompletedProcess

import httpx
import psycopg
import pytest
from conftest import Stack, run_preorders
from data.changes import CHANGES
from faults import kill, processes_of, stopped, until
from invariants import invariants_hold

WINDOW = {"from": "2026-01-01", "to": "2026-03-31"}
WAITING = "select 1 from pg_stat_activity where usename = 'preorders_dbt' and wait_event_type = 'Lock'"
pytestmark = pytest.mark.long

Build = Future[CompletedProcess[str]]


@pytest.fixture
def change(built: Stack) -> None:
    """Give builds something to do."""
    draw = random.Random(3)
    with built.primary() as connection:
        for name in ("a payment is corrected", "an order is cancelled", "a refund arrives late"):
            connection.execute(CHANGES[name](draw).encode())


@contextmanager
def in_mid_build(stack: Stack) -> Iterator[Build]:
    """Start a build, and hold it where it reads the source until the end of the block."""
    with ThreadPoolExecutor(1) as launches:
        locking = stack.primary()
        locking.execute("lock table app.shops in access exclusive mode")
        build = launches.submit(run_preorders, "build", home=stack.home, check=False)
        try:
            until(lambda: _is_waiting(stack), 60, "the build has not begun")
            yield build
        finally:
            locking.close()
        build.result()


def _is_waiting(stack: Stack) -> bool:
    with stack.primary() as connection:
        return connection.execute(WAITING.encode()).fetchone() is not None


def build_id(client: httpx.Client) -> int:
    return int(client.get("/summary", params=WINDOW).raise_for_status().json()["freshness"]["build_id"])


@pytest.mark.usefixtures("change")
def test_a_build_that_is_killed_leaves_the_last_one_and_the_next_is_right(built: Stack, golden: httpx.Client) -> None:
    before = build_id(golden)
    with invariants_hold(built):
        with in_mid_build(built) as build:
            worker, run = sorted(processes_of(built, "run_worker", "orchestration.rollups"))
            os.kill(run, signal.SIGKILL)
            assert build_id(golden) == before
        assert build.result().returncode != 0
        assert "failed" in build.result().stdout + build.result().stderr
        built.build()  # at once: what the killed one left in the server must be gone, or waited for
    assert worker in processes_of(built, "run_worker", "orchestration.rollups")


@pytest.mark.usefixtures("change")
@pytest.mark.parametrize("how", ["restarted", "crashed"])
def test_a_primary_that_is_lost_in_mid_build_stops_no_reader(built: Stack, golden: httpx.Client, how: str) -> None:
    before = build_id(golden)
    with invariants_hold(built):
        with in_mid_build(built) as build:
            if how == "crashed":
                kill(built, "primary")
            else:
                with stopped(built, "primary"):
                    for _ in range(20):
                        assert build_id(golden) == before
                        time.sleep(0.1)
                    refused = golden.post("/summary/export", json=WINDOW)
                    assert refused.status_code == 503
                    assert refused.headers["retry-after"]
        until(lambda: golden.get("/exports").status_code == 200, 30, "the primary is not used again")
        if build.result().returncode:
            built.build()
    assert build_id(golden) >= before


@pytest.mark.usefixtures("change")
def test_of_two_builds_the_second_waits(built: Stack) -> None:
    with invariants_hold(built), ThreadPoolExecutor(1) as launches:
        with in_mid_build(built) as first:
            second = launches.submit(run_preorders, "build", home=built.home, check=False)
            time.sleep(8)
            assert not second.done()
        assert first.result().returncode == 0
        assert second.result().returncode == 0
        assert "waiting in the queue" in second.result().stdout


@pytest.mark.usefixtures("change")
def test_a_build_outside_the_queue_is_refused_while_another_holds_the_lock(built: Stack) -> None:
    with psycopg.connect(built.environment["PREORDERS_PUBLISHER_DSN"], autocommit=True) as other:
        other.execute("select pg_advisory_lock(hashtextextended('preorders build', 0))")
        refused = run_preorders("build", home=built.home, check=False)
        assert refused.returncode != 0
        assert "another build is running" in refused.stdout + refused.stderr
    with invariants_hold(built):
        built.build()
