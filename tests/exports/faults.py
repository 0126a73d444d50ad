"""Killing and stopping real processes at named places, and what must be true of an export afterwards.

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
from conftest import Stack
from exports.exporting import download, expected_rows, rows_of, wait
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


def is_live(stack: Stack) -> bool:
    """Return whether the API answers."""
    try:
        return httpx.get(stack.environment["PREORDERS_API_URL"] + "/health/live").status_code == 200
    except httpx.TransportError:
        return False


def stopped_processes(stack: Stack) -> list[int]:
    """Return the stack's processes that were stopped by a signal."""
    return [pid for pid, _, state in _processes(stack) if state == "T"]


def processes_of(stack: Stack, *words: str) -> list[int]:
    """Return the stack's processes whose command line has all the words."""
    return [pid for pid, command, _ in _processes(stack) if all(word in command for word in words)]


def wait_for_stopped(stack: Stack) -> list[int]:
    """Wait until a process has stopped at its place; return it, and whatever else is stopped."""
    until(lambda: bool(stopped_processes(stack)), 40, "nothing passed the place")
    return stopped_processes(stack)


def go_on(processes: list[int]) -> None:
    """Let stopped processes continue."""
    for process in processes:
        os.kill(process, signal.SIGCONT)


def _processes(stack: Stack) -> list[tuple[int, str, str]]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if str(stack.home).encode() in (folder / "environ").read_bytes():
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append((int(folder.name), command, (folder / "stat").read_text().rpartition(") ")[2][0]))
        except OSError:
            continue
    return found
