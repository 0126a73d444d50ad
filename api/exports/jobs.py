"""Export jobs as the API sees them: made, found, listed and cancelled by the shop that owns them.

All of it runs on the primary, in a transaction with the tenant set, so that row-level security stands behind
the shop in each statement. Times are the database's.
"""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from api.reports.contract import Invalid
from api.reports.parameters import rows_before
from api.reports.published import Connection

STATUSES = ("queued", "running", "ready", "failed", "cancelled")
_JOB_ID = re.compile("exp_[0-9a-f]{16}")
_COLUMNS = """
    job_id, shop_id, report, file_name, status, progress, error, object_key, row_count, size_bytes, sha256,
    created_at, finished_at
"""
# The record of a job is gone 24 hours after its end, whether or not it was removed yet.
IS_OVER = "finished_at <= now() - interval '24 hours'"
_IS_KEPT = f"({IS_OVER}) is not true"
# Of `jobs`.
JOBS_BEFORE = """(
    select count(*) from service.export_jobs as earlier
    where earlier.shop_id = jobs.shop_id and earlier.finished_at is null and earlier.created_at < jobs.created_at
)"""
_CREATE_SQL = f"""
    insert into service.export_jobs
        (job_id, shop_id, report, request, parameters, file_format, file_name, idempotency_key)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict do nothing
    returning {_COLUMNS},
        (select count(*) from service.export_jobs where shop_id = $2 and finished_at is null) as jobs_before
"""
_FORGET_KEY_SQL = """
    update service.export_jobs set idempotency_key = null
    where shop_id = $1 and idempotency_key = $2 and created_at <= now() - interval '24 hours'
"""
_SAME_KEY_SQL = f"""
    select {_COLUMNS}, report = $3 and request = $4 as is_same_request, 0 as jobs_before
    from service.export_jobs
    where shop_id = $1 and (idempotency_key = $2 and created_at > now() - interval '24 hours' or job_id = $5)
"""
_FIND_SQL = f"""
    select {_COLUMNS}, {JOBS_BEFORE} as jobs_before
    from service.export_jobs as jobs where shop_id = $1 and job_id = $2 and {_IS_KEPT}
"""
_LIST_SQL = f"""
    select {_COLUMNS}, {JOBS_BEFORE} as jobs_before
    from service.export_jobs as jobs where shop_id = $1 and {_IS_KEPT}
    order by created_at desc, job_id limit $2 offset $3
"""
_COUNT_SQL = f"select count(*) as jobs from service.export_jobs where shop_id = $1 and {_IS_KEPT}"
_CANCEL_SQL = f"""
    update service.export_jobs set status = 'cancelled', finished_at = now()
    where shop_id = $1 and job_id = $2 and finished_at is null
    returning {_COLUMNS}, 0 as jobs_before
"""


@dataclass(frozen=True)
class ExportJob:
    """One export job.

    Attributes:
        status: queued, running, ready, failed or cancelled; the last three are final.
        progress: percent of the rows, never less than before.
        error: of a failed one, for the person who asked.
        object_key, row_count, size_bytes, sha256: of a ready one's file.
        jobs_before: unfinished jobs that the shop asked for earlier.
    """

    job_id: str
    shop_id: UUID
    report: str
    file_name: str
    status: str
    progress: int
    error: str | None
    object_key: str | None
    row_count: int | None
    size_bytes: int | None
    sha256: str | None
    created_at: datetime
    finished_at: datetime | None
    jobs_before: int


def new_job_id() -> str:
    """Return an id that no job has."""
    return f"exp_{secrets.token_hex(8)}"


class UnknownJob(Exception):
    """No job of that id, an expired one, or another shop's: all alike."""


class AlreadyFinished(Exception):
    """The job has ended; `status` says how."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class NewExport:
    """What is asked for.

    Attributes:
        report: its name.
        request, parameters: what was asked for, and it with the defaults of now.
        file_format, file_name: of the download.
        idempotency_key: of the caller, if it sent one.
        job_id: made here, so that writing the job once more makes no second one.
    """

    report: str
    request: Mapping[str, Any]
    parameters: Mapping[str, Any]
    file_format: str
    file_name: str
    idempotency_key: str | None
    job_id: str = field(default_factory=new_job_id)


async def create_job(connection: Connection, shop_id: UUID, new: NewExport) -> tuple[ExportJob, bool]:
    """Write the job, or find the one that was asked for with the same idempotency key within 24 hours.

    Returns:
        The job, and whether it is new.

    Raises:
        Invalid: the key was used for another request.
    """
    if new.idempotency_key is not None:
        await connection.execute(_FORGET_KEY_SQL, shop_id, new.idempotency_key)
    row = await connection.fetchrow(
        _CREATE_SQL,
        *(new.job_id, shop_id, new.report, json.dumps(new.request), json.dumps(new.parameters)),
        *(new.file_format, new.file_name, new.idempotency_key),
    )
    if row is not None:
        return ExportJob(**row), True
    same = await find_repeated(connection, shop_id, new.idempotency_key, new.report, new.request, new.job_id)
    assert same is not None  # a job whose key or id is taken: younger than 24 hours, so it is not forgotten yet
    return same, False


async def find_repeated(
    connection: Connection,
    shop_id: UUID,
    idempotency_key: str | None,
    report: str,
    request: Mapping[str, Any],
    job_id: str | None = None,
) -> ExportJob | None:
    """Return the job that was made with this key within 24 hours, or has this id; None if there is none.

    Raises:
        Invalid: the key was used for another request.
    """
    row = await connection.fetchrow(_SAME_KEY_SQL, shop_id, idempotency_key, report, json.dumps(request), job_id)
    if row is None:
        return None
    found = dict(row)
    if not found.pop("is_same_request"):
        raise Invalid(["Idempotency-Key was used for another request within 24 hours"])
    return ExportJob(**found)


async def find_job(connection: Connection, shop_id: UUID, job_id: str) -> ExportJob:
    """Return the shop's job.

    Raises:
        UnknownJob: there is none.
    """
    row = await connection.fetchrow(_FIND_SQL, shop_id, job_id) if _JOB_ID.fullmatch(job_id) else None
    if row is None:
        raise UnknownJob
    return ExportJob(**row)


async def list_jobs(connection: Connection, shop_id: UUID, page: int, per_page: int) -> tuple[list[ExportJob], int]:
    """Return one page of the shop's jobs, the newest first, and how many there are."""
    rows = await connection.fetch(_LIST_SQL, shop_id, per_page, rows_before(page, per_page))
    return [ExportJob(**row) for row in rows], (await connection.fetchrow(_COUNT_SQL, shop_id))["jobs"]


async def count_jobs(connection: Connection) -> dict[str, int]:
    """Return how many jobs are on record, of all shops, by status."""
    rows = await connection.fetch("select status, jobs from service.count_export_jobs()")
    return {row["status"]: row["jobs"] for row in rows}


@dataclass
class Cancelling:
    """A call that ends a job; whatever works on the job finds that out by itself.

    Attributes:
        was_begun: then, if the job is cancelled, this call may have done it, and its answer have been lost.
    """

    shop_id: UUID
    job_id: str
    was_begun: bool = False

    async def __call__(self, connection: Connection) -> ExportJob:
        """Return the job as it is then.

        Raises:
            UnknownJob: there is none.
            AlreadyFinished: it has ended before.
        """
        before = await find_job(connection, self.shop_id, self.job_id)
        was_begun, self.was_begun = self.was_begun, True
        row = await connection.fetchrow(_CANCEL_SQL, self.shop_id, self.job_id)
        if row is not None:
            return ExportJob(**row)
        found = await find_job(connection, self.shop_id, before.job_id)
        if was_begun and found.status == "cancelled":
            return found
        raise AlreadyFinished(found.status)
