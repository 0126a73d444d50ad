"""Real processes killed and stopped at named places: no job is lost, and nothing partial is ever seen."""

import asyncio
import os
import signal
import time
from pathlib import Path

import asyncpg
import httpx
import pytest
from conftest import Stack
from exports.exporting import ask, wait
from exports.faults import ENDS_WITHIN, WINDOW, check_ready, order, record, wait_for_stopped
from exports.store import Store
from faults import go_on, is_live, processes_of, stopped, stopped_processes, until
from tcp_proxy import TcpProxy

from local.home import open_home
from orchestration.exports import databases

pytestmark = pytest.mark.usefixtures("invariants")


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("claimed", marks=pytest.mark.long),
        pytest.param("after a part", marks=pytest.mark.long),
        pytest.param("copied", marks=pytest.mark.long),
        pytest.param("completed", marks=pytest.mark.long),
        "before ready",
    ],
)
def test_a_run_that_is_killed_is_made_up_for(built: Stack, store: Store, large: httpx.Client, place: str) -> None:
    order(built, f"kill: {place}")
    check_ready(built, store, large, ask(large, "customers", WINDOW), attempts=2)


def test_a_run_that_is_killed_when_all_is_done_changes_nothing(built: Stack, store: Store, large: httpx.Client) -> None:
    order(built, "kill: after ready")
    check_ready(built, store, large, ask(large, "customers", WINDOW), attempts=1)


def test_a_run_that_is_terminated_right_after_its_end_keeps_the_file(
    built: Stack, store: Store, large: httpx.Client
) -> None:
    order(built, "stop: after ready")
    job_id = ask(large, "customers", WINDOW)
    [run] = wait_for_stopped(built)
    os.kill(run, signal.SIGTERM)
    go_on([run])
    until(lambda: not Path(f"/proc/{run}").exists(), 30, "the run goes on")
    check_ready(built, store, large, job_id, attempts=1)


def test_an_api_that_is_killed_after_writing_the_job_loses_nothing(
    built: Stack, store: Store, large: httpx.Client
) -> None:
    before = large.get("/exports").json()["meta"]["total_count"]
    order(built, "kill: job written")
    with pytest.raises(httpx.TransportError):
        large.post("/customers/export", json=WINDOW)
    until(lambda: is_live(built), 30, "the API is not back")
    listed = large.get("/exports").json()
    assert listed["meta"]["total_count"] == before + 1
    check_ready(built, store, large, listed["exports"][0]["job_id"], attempts=1)


@pytest.mark.long
def test_a_job_that_dies_every_time_is_failed_and_says_why(built: Stack, store: Store, large: httpx.Client) -> None:
    order(built, "kill: copied")
    job_id = ask(large, "customers", WINDOW)
    for attempt in (1, 2):
        until(lambda attempt=attempt: record(built, job_id)["attempts"] > attempt - 1, ENDS_WITHIN, "no attempt")
        until(lambda: not (built.home / "crash_point").exists(), ENDS_WITHIN, "nobody was killed")
        order(built, "kill: copied")
    state = wait(large, job_id, ENDS_WITHIN)
    assert (state["status"], state["error"]) == (
        "failed",
        "the export was tried 3 times and never finished; ask for it again",
    )
    until(lambda: record(built, job_id)["attempt_token"] is None, ENDS_WITHIN, "the attempt is not cleaned up")
    assert store.objects_of(job_id) == store.uploads() == []


@pytest.mark.long
def test_a_zombie_that_wakes_up_late_changes_nothing(built: Stack, store: Store, large: httpx.Client) -> None:
    order(built, "stop: completed")
    job_id = ask(large, "customers", WINDOW)
    check_ready(built, store, large, job_id, attempts=2)
    ended = record(built, job_id)
    [zombie] = stopped_processes(built)
    go_on([zombie])
    until(lambda: not Path(f"/proc/{zombie}").exists(), 30, "the zombie lives")
    assert record(built, job_id) == ended
    check_ready(built, store, large, job_id, attempts=2)


def test_a_job_cancelled_under_way_leaves_nothing(built: Stack, store: Store, large: httpx.Client) -> None:
    order(built, "stop: after a part")
    job_id = ask(large, "customers", WINDOW)
    run = wait_for_stopped(built)
    assert large.post(f"/exports/{job_id}/cancel").status_code == 202
    go_on(run)
    until(lambda: record(built, job_id)["attempt_token"] is None, 30, "the attempt is not cleaned up")
    assert wait(large, job_id)["status"] == "cancelled"
    assert store.objects_of(job_id) == store.uploads() == []


def test_a_job_cancelled_in_the_last_moment_has_one_end(built: Stack, store: Store, large: httpx.Client) -> None:
    order(built, "stop: before ready")
    job_id = ask(large, "customers", WINDOW)
    run = wait_for_stopped(built)
    assert store.objects_of(job_id), "the object is complete by now"
    assert large.post(f"/exports/{job_id}/cancel").status_code == 202
    go_on(run)
    until(lambda: not store.objects_of(job_id), 30, "the object of a cancelled job is still there")
    assert wait(large, job_id)["status"] == "cancelled"


@pytest.mark.parametrize(
    "part",
    [
        "daemon",
        pytest.param("exports", marks=pytest.mark.long),
        pytest.param("webserver", marks=pytest.mark.long),
        "exports-worker",
    ],
)
def test_a_job_posted_while_a_part_of_dagster_is_down_runs_when_it_is_back(
    built: Stack, store: Store, large: httpx.Client, part: str
) -> None:
    with stopped(built, part):
        job_id = ask(large, "customers", WINDOW)
        time.sleep(2)
    check_ready(built, store, large, job_id, attempts=1)


@pytest.mark.long
def test_a_code_server_whose_code_is_killed_comes_back(built: Stack, store: Store, large: httpx.Client) -> None:
    [code] = processes_of(built, "dagster api grpc", "orchestration.exports.definitions")
    os.kill(code, signal.SIGKILL)
    check_ready(built, store, large, ask(large, "customers", WINDOW), attempts=1)


def test_a_replica_that_hangs_under_way_is_lost(built: Stack, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    port = open_home(built.home).ports["replica"]
    proxy = TcpProxy(port)
    dsn = built.environment["PREORDERS_EXPORTS_REPLICA_DSN"].replace(f":{port}/", f":{proxy.port}/")
    monkeypatch.setenv("PREORDERS_EXPORTS_REPLICA_DSN", dsn)
    monkeypatch.setattr(databases, "_LISTEN_EVERY_SECONDS", 0.1)

    async def read() -> None:
        async with databases.reports_connection() as connection, connection.transaction():
            await connection.fetchval("select pg_sleep(1)")  # one that is slow is waited for
            with proxy.silent():
                await connection.fetchval("select 1")

    try:
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):  # not a TimeoutError, which is an OSError
            asyncio.run(asyncio.wait_for(read(), 30))
    finally:
        proxy.close()


@pytest.mark.long
def test_a_replica_that_is_lost_under_way_is_waited_for(built: Stack, store: Store, large: httpx.Client) -> None:
    order(built, "stop: after a part")
    job_id = ask(large, "customers", WINDOW)
    run = wait_for_stopped(built)
    with stopped(built, "replica"):
        go_on(run)
        response = large.post("/customers/export", json=WINDOW)
        assert response.status_code == 503
        assert response.headers["retry-after"]
    until(lambda: large.get("/summary").status_code == 200, 30, "the replica is not back")
    check_ready(built, store, large, job_id, attempts=2)
