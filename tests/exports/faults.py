"""Killing and stopping real processes at named places, and what must be true of an export afterwards.

Invariants (I1 to I4, I8 to I10): every job ends; its file is what the record says; no address before it is ready;
an end is final; nothing is left over. Jobs whose first attempt died end by a second one.
"""

from pathlib import Path
from typing import Any

import httpx
from conftest import Stack
from exports.exporting import download, expected_rows, rows_of, wait
from exports.store import Store
from faults import stopped_processes, until

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


def check_ready(stack: Stack, store: Store, client: httpx.Client, job_id: str, attempts: int) -> None:
    """Check that the job has one right file, and that nothing else is left of it."""
    state = wait(client, job_id, ENDS_WITHIN)
    assert rows_of(download(state))[1:] == expected_rows(client, "customers", WINDOW)
    until(lambda: record(stack, job_id)["attempt_token"] is None, ENDS_WITHIN, "the attempt is not cleaned up")
    assert record(stack, job_id)["attempts"] == attempts
    assert store.objects_of(job_id) == [record(stack, job_id)["object_key"]]
    assert store.uploads() == []


def wait_for_stopped(stack: Stack) -> list[int]:
    """Wait until a process has stopped at its place; return it, and whatever else is stopped."""
    until(lambda: bool(stopped_processes(stack)), 40, "nothing passed the place")
    return stopped_processes(stack)
