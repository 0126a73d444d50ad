"""Export jobs in the hands of the data team: several at once, of any shop."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from api.exports.health import MADE_AGAIN
from api.exports.jobs import new_job_id
from api.reports.published import Connection

# An empty list, or null for the shop, leaves that condition out.
_CHOSEN = "(cardinality($1::text[]) = 0 or job_id = any($1)) and ($2::uuid is null or shop_id = $2)"
_UNFINISHED_SQL = f"""
    select job_id, shop_id, report, status, object_key from service.export_jobs
    where finished_at is null and {_CHOSEN} order by created_at
"""
_UNMADE_SQL = f"""
    select job_id, shop_id, report, status, object_key from service.export_jobs as jobs
    where status in ('failed', 'cancelled') and not {MADE_AGAIN} and {_CHOSEN} order by created_at
"""
_OF_REPORTS_SQL = """
    select job_id, shop_id, report, status, object_key from service.export_jobs
    where shop_id = $1 and report = any($2) and status in ('queued', 'running', 'ready') order by created_at
"""
_FORGET_SQL = "delete from service.export_jobs where job_id = $1 and status = 'ready'"
_CANCEL_SQL = """
    update service.export_jobs set status = 'cancelled', finished_at = now() where job_id = $1 and finished_at is null
"""
_MAKE_AGAIN_SQL = """
    insert into service.export_jobs (job_id, shop_id, report, request, parameters, file_format, file_name)
    select $2, shop_id, report, request, parameters, file_format, file_name
    from service.export_jobs where job_id = $1
"""


@dataclass(frozen=True)
class ChosenJob:
    """A job to do something about; `object_key` of its file, if it is ready."""

    job_id: str
    shop_id: UUID
    report: str
    status: str
    object_key: str | None


async def unfinished_jobs(connection: Connection, job_ids: Sequence[str], shop_id: UUID | None) -> list[ChosenJob]:
    """Return the jobs that have not ended; of these ids, of this shop, or all."""
    return [ChosenJob(**row) for row in await connection.fetch(_UNFINISHED_SQL, job_ids, shop_id)]


async def unmade_jobs(connection: Connection, job_ids: Sequence[str], shop_id: UUID | None) -> list[ChosenJob]:
    """Return the jobs that ended without a file, within the 24 hours that they are kept, and were not made again."""
    return [ChosenJob(**row) for row in await connection.fetch(_UNMADE_SQL, job_ids, shop_id)]


async def cancel_unfinished(connection: Connection, job: ChosenJob) -> bool:
    """End the job, and return whether it had not ended by itself; what works on it finds that out and cleans up."""
    return str(await connection.execute(_CANCEL_SQL, job.job_id)) == "UPDATE 1"


async def make_again(connection: Connection, job: ChosenJob) -> str:
    """Write a new job that asks for the same, and return its id; the keeper launches it within seconds."""
    job_id = new_job_id()
    await connection.execute(_MAKE_AGAIN_SQL, job.job_id, job_id)
    return job_id


async def jobs_of_reports(connection: Connection, shop_id: UUID, reports: Sequence[str]) -> list[ChosenJob]:
    """Return the shop's jobs of these reports that have a file or will have one."""
    return [ChosenJob(**row) for row in await connection.fetch(_OF_REPORTS_SQL, shop_id, reports)]


async def forget_ready(connection: Connection, job: ChosenJob) -> None:
    """Delete the record of a ready job, whose file goes."""
    await connection.execute(_FORGET_SQL, job.job_id)
