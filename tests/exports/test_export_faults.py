"""Real processes killed and stopped at named places: no job is lost, and nothing partial is ever seen.

Invariants (I1 to I4, I8 to I10): every job ends; its file is what the record says; no address before it is ready;
an end is final; nothing is left over. Jobs whose first attempt died end by a second one.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import Stack
from exports.exporting import ask, download, expected_rows, rows_of, wait
from exports.store import Store

from local.home import open_home
from local.supervision import Supervisor

WINDOW = {"from": "2026-01-01", "to": "2026-01-31"}
ENDS_WITHIN = 90


def order(stack: Stack, what: str) -> None:
    """Have the next process that passes the place killed or stopped."""
    Path(stack.home / "crash_point").write_text(what)


def record(stack: Stack, job_id: str) -> dict[str, Any]:
    with stack.primary() as connection:
        cursor = connection.execute("select * from service.export_jobs where job_id = %s", (job_id,))
        assert cursor.description is not None
        row = cursor.fetchone()
        assert row is not None
        return dict(zip([column.name for column in cursor.description], row, strict=True))


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} after {seconds} s"
        time.sleep(0.2)


def check_ready(stack: Stack, store: Store, client: httpx.Client, job_id: str, attempts: int) -> None:
    """Check that the job has one right file, and that nothing else is left of it."""
    state = wait(client, job_id, ENDS_WITHIN)
    assert rows_of(download(state))[1:] == expected_rows(client, "customers", WINDOW)
    until(lambda: record(stack, job_id)["attempt_token"] is None, ENDS_WITHIN, "the attempt is not cleaned up")
    assert record(stack, job_id)["attempts"] == attempts
    assert store.objects_of(job_id) == [record(stack, job_id)["object_key"]]
    assert store.uploads() == []


@contextmanager
def stopped(stack: Stack, part: str) -> Iterator[None]:
    """Keep a part of the stack down."""
    supervisor = Supervisor(open_home(stack.home))
    supervisor.stop(part)
    try:
        yield
    finally:
        supervisor.start(part)


@pytest.mark.parametrize("place", ["claimed", "after a part", "copied", "completed", "before ready"])
def test_a_run_that_is_killed_is_made_up_for(built: Stack, store: Store, large: httpx.Client, place: str) -> None:
    order(built, f"kill: {place}")
    check_ready(built, store, large, ask(large, "customers", WINDOW), attempts=2)


def test_a_run_that_is_killed_when_all_is_done_changes_nothing(built: Stack, store: Store, large: httpx.Client) -> None:
    order(built, "kill: after ready")
    check_ready(built, store, large, ask(large, "customers", WINDOW), attempts=1)


def test_an_api_that_is_killed_after_writing_the_job_loses_nothing(
    built: Stack, store: Store, large: httpx.Client
) -> None:
    before = large.get("/exports").json()["meta"]["total_count"]
    order(built, "kill: job written")
    with pytest.raises(httpx.TransportError):
        large.post("/customers/export", json=WINDOW)
    until(lambda: _is_live(built), 30, "the API is not back")
    listed = large.get("/exports").json()
    assert listed["meta"]["total_count"] == before + 1
    check_ready(built, store, large, listed["exports"][0]["job_id"], attempts=1)


def test_a_job_that_dies_every_time_is_failed_and_says_why(built: Stack, store: Store, large: httpx.Client) -> None:
    order(built, "kill: copied")
    job_id = ask(large, "customers", WINDOW)
    for attempt in (1, 2):
        until(lambda attempt=attempt: record(built, job_id)["attempts"] > attempt - 1, ENDS_WITHIN, "no attempt")
        until(lambda: not (built.home / "crash_point").exists(), ENDS_WITHIN, "nobody was killed")
        order(built, "kill: copied")
    state = wait(large, job_id, ENDS_WITHIN)
    assert (state["status"], state["error"]) == ("failed", "the export was interrupted 3 times; ask for it again")
    until(lambda: record(built, job_id)["attempt_token"] is None, ENDS_WITHIN, "the attempt is not cleaned up")
    assert store.objects_of(job_id) == store.uploads() == []


def test_a_zombie_that_wakes_up_late_changes_nothing(built: Stack, store: Store, large: httpx.Client) -> None:
    order(built, "stop: completed")
    job_id = ask(large, "customers", WINDOW)
    check_ready(built, store, large, job_id, attempts=2)
    ended = record(built, job_id)
    [zombie] = _stopped_processes(built)
    os.kill(zombie, signal.SIGCONT)
    until(lambda: not Path(f"/proc/{zombie}").exists(), 30, "the zombie lives")
    assert record(built, job_id) == ended
    check_ready(built, store, large, job_id, attempts=2)


def test_a_job_cancelled_under_way_leaves_nothing(built: Stack, store: Store, large: httpx.Client) -> None:
    order(built, "stop: after a part")
    job_id = ask(large, "customers", WINDOW)
    until(lambda: bool(_stopped_processes(built)), 30, "no run passed the place")
    assert large.post(f"/exports/{job_id}/cancel").status_code == 202
    for process in _stopped_processes(built):
        os.kill(process, signal.SIGCONT)
    until(lambda: record(built, job_id)["attempt_token"] is None, 30, "the attempt is not cleaned up")
    assert wait(large, job_id)["status"] == "cancelled"
    assert store.objects_of(job_id) == store.uploads() == []


def test_a_job_cancelled_in_the_last_moment_has_one_end(built: Stack, store: Store, large: httpx.Client) -> None:
    order(built, "stop: before ready")
    job_id = ask(large, "customers", WINDOW)
    until(lambda: bool(_stopped_processes(built)), 30, "no run passed the place")
    assert store.objects_of(job_id), "the object is complete by now"
    assert large.post(f"/exports/{job_id}/cancel").status_code == 202
    for process in _stopped_processes(built):
        os.kill(process, signal.SIGCONT)
    until(lambda: not store.objects_of(job_id), 30, "the object of a cancelled job is still there")
    assert wait(large, job_id)["status"] == "cancelled"


@pytest.mark.parametrize("part", ["daemon", "exports", "webserver", "exports-worker"])
def test_a_job_posted_while_a_part_of_dagster_is_down_runs_when_it_is_back(
    built: Stack, store: Store, large: httpx.Client, part: str
) -> None:
    with stopped(built, part):
        job_id = ask(large, "customers", WINDOW)
        time.sleep(2)
    check_ready(built, store, large, job_id, attempts=1)


def test_a_replica_that_is_lost_under_way_is_waited_for(built: Stack, store: Store, large: httpx.Client) -> None:
    order(built, "stop: after a part")
    job_id = ask(large, "customers", WINDOW)
    until(lambda: bool(_stopped_processes(built)), 30, "no run passed the place")
    with stopped(built, "replica"):
        for process in _stopped_processes(built):
            os.kill(process, signal.SIGCONT)
        response = large.post("/customers/export", json=WINDOW)
        assert response.status_code == 503
        assert response.headers["retry-after"]
    until(lambda: large.get("/summary").status_code == 200, 30, "the replica is not back")
    check_ready(built, store, large, job_id, attempts=2)


def _is_live(stack: Stack) -> bool:
    try:
        return httpx.get(stack.environment["PREORDERS_API_URL"] + "/health/live").status_code == 200
    except httpx.TransportError:
        return False


def _stopped_processes(stack: Stack) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(") ")[2][0]
            if state == "T" and str(stack.home).encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found
