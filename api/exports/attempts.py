"""Attempts at export jobs, as the run that makes one sees them.

A run claims its job with a token of its own and holds it by a lease. Each later write names the token, so a run
that was given up (its lease ended, the job was cancelled) can change nothing any more.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from api.reports.published import Connection

LEASE_SECONDS = 20
MOST_ATTEMPTS = 3
# What the keys of all files begin with.
EXPORTS_PREFIX = "exports/"
_CLAIM_SQL = f"""
    update service.export_jobs
    set status = 'running', attempts = attempts + 1, attempt_token = $2, run_id = $3,
        leased_until = now() + interval '{LEASE_SECONDS} seconds'
    where job_id = $1 and status = 'queued' and attempt_token is null
    returning job_id, shop_id, report, parameters, file_format, file_name, attempts, attempt_token as token
"""
_RENEW_SQL = f"""
    update service.export_jobs
    set leased_until = now() + interval '{LEASE_SECONDS} seconds', progress = greatest(progress, $3)
    where job_id = $1 and attempt_token = $2 and status = 'running'
"""
_READY_SQL = """
    update service.export_jobs
    set status = 'ready', progress = 100, finished_at = now(), attempt_token = null,
        object_key = $3, build_id = $4, row_count = $5, size_bytes = $6, sha256 = $7
    where job_id = $1 and attempt_token = $2 and status = 'running'
"""
_FAIL_SQL = """
    update service.export_jobs set status = 'failed', finished_at = now(), error = $3
    where job_id = $1 and attempt_token = $2 and finished_at is null
"""
# Not of a running job: without a token nobody would ever find it again.
_CLEAN_SQL = """
    update service.export_jobs set attempt_token = null
    where job_id = $1 and attempt_token = $2 and status <> 'running'
"""
_IS_READY_SQL = """
    select exists (select from service.export_jobs where job_id = $1 and status = 'ready' and object_key = $2)
        as is_ready
"""
_GIVE_BACK_SQL = f"""
    update service.export_jobs
    set (status, launches, finished_at, error) = (
        select 'queued', launches + 1, null::timestamptz, null where attempts < {MOST_ATTEMPTS}
        union all
        select 'failed', launches, now(), $3 where attempts >= {MOST_ATTEMPTS}
    )
    where job_id = $1 and attempt_token = $2 and status = 'running'
"""


@dataclass(frozen=True)
class Attempt:
    """A claimed job.

    Attributes:
        job_id, shop_id: of the job.
        report, parameters: what to export; the parameters as JSON, with every default filled in.
        file_format, file_name: of the download.
        attempts: how many there were, this one included.
        token: of this attempt, part of its object's key.
    """

    job_id: str
    shop_id: UUID
    report: str
    parameters: Mapping[str, Any]
    file_format: str
    file_name: str
    attempts: int
    token: UUID

    @property
    def object_key(self) -> str:
        """Where this attempt writes: no other one ever does."""
        return object_key(self.shop_id, self.job_id, self.token, self.file_name)


def object_key(shop_id: UUID, job_id: str, token: UUID, name: str) -> str:
    """Return the key of what an attempt writes."""
    return f"{objects_prefix(shop_id)}{job_id}/{token}/{name}"


def objects_prefix(shop_id: UUID) -> str:
    """Return what the keys of a shop's files begin with."""
    return f"{EXPORTS_PREFIX}{shop_id}/"


@dataclass(frozen=True)
class WrittenFile:
    """A file in the object store, as confirmed by it."""

    build_id: int
    row_count: int
    size_bytes: int
    sha256: str


class LostAttempt(Exception):
    """The job was cancelled, or given to another attempt: this one must stop and take away what it wrote."""


async def claim(connection: Connection, job_id: str, run_id: str) -> Attempt | None:
    """Take a waiting job; None if there is none of that id, or another run was faster."""
    row = await connection.fetchrow(_CLAIM_SQL, job_id, uuid4(), run_id)
    return None if row is None else Attempt(**{**row, "parameters": json.loads(row["parameters"])})


async def renew(connection: Connection, attempt: Attempt, progress: int) -> None:
    """Prolong the lease and tell the progress in percent.

    Raises:
        LostAttempt: the job is no longer this attempt's.
    """
    if await connection.execute(_RENEW_SQL, attempt.job_id, attempt.token, progress) != "UPDATE 1":
        raise LostAttempt


async def make_ready(connection: Connection, attempt: Attempt, file: WrittenFile) -> None:
    """End the job with its file.

    Raises:
        LostAttempt: the job is no longer this attempt's.
    """
    values = (attempt.object_key, file.build_id, file.row_count, file.size_bytes, file.sha256)
    if await connection.execute(_READY_SQL, attempt.job_id, attempt.token, *values) == "UPDATE 1":
        return
    if not await is_ready(connection, attempt):  # it is when the answer to an earlier try was lost
        raise LostAttempt


async def is_ready(connection: Connection, attempt: Attempt) -> bool:
    """Return whether the job has ended with this attempt's file."""
    row = await connection.fetchrow(_IS_READY_SQL, attempt.job_id, attempt.object_key)
    return bool(row["is_ready"])


async def fail(connection: Connection, job_id: str, token: UUID, error: str) -> None:
    """End the job without a file, if it is still this attempt's; the error is for the person who asked."""
    await connection.execute(_FAIL_SQL, job_id, token, error)


async def give_back(connection: Connection, job_id: str, token: UUID) -> None:
    """Let the job wait for another attempt, or fail it if this was the last one."""
    error = f"the export was tried {MOST_ATTEMPTS} times and never finished; ask for it again"
    await connection.execute(_GIVE_BACK_SQL, job_id, token, error)


async def mark_clean(connection: Connection, job_id: str, token: UUID) -> None:
    """Note that nothing of the attempt is left in the store, or ever will be; then another one may begin."""
    await connection.execute(_CLEAN_SQL, job_id, token)
