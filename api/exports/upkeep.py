"""Export jobs as their keeper sees them: those that wait without a run, attempts that died, records to forget."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from api.exports.attempts import object_key
from api.exports.jobs import IS_OVER, JOBS_BEFORE
from api.reports.published import Connection

# The API launches a job's run right after its row is written; the keeper must not be faster.
_LAUNCH_GRACE_SECONDS = 5
MOST_LAUNCHES = 10
# What a run may take to claim its job, or to clean up after it, before it counts as dead.
SILENT_SECONDS = 60
_MOST_AT_ONCE = 200
_WAITING_SQL = f"""
    select job_id, shop_id, launches, {JOBS_BEFORE} as jobs_before
    from service.export_jobs as jobs
    where status = 'queued' and attempt_token is null
        and created_at < now() - interval '{_LAUNCH_GRACE_SECONDS} seconds'
    order by row_number() over (partition by shop_id order by created_at), created_at
    limit {_MOST_AT_ONCE}
"""
_COUNT_LAUNCH_SQL = f"""
    update service.export_jobs
    set launches = launches + 1,
        status = case when launches + 1 < {MOST_LAUNCHES} then status else 'failed' end,
        finished_at = case when launches + 1 < {MOST_LAUNCHES} then finished_at else now() end,
        error = case
            when launches + 1 >= {MOST_LAUNCHES} then 'the export could not be started; ask for it again later'
        end
    where job_id = $1 and status = 'queued' and launches = $2
    returning launches, status
"""
_HELD_SQL = """
    select job_id, run_id from service.export_jobs where status = 'running' and leased_until >= now()
"""
_LATELY_HELD_SQL = f"""
    select run_id from service.export_jobs
    where run_id = any($1) and leased_until > now() - interval '{SILENT_SECONDS} seconds'
"""
_ABANDONED_SQL = f"""
    select job_id, shop_id, attempt_token as token, file_name, status = 'running' as is_running
    from service.export_jobs
    where attempt_token is not null and (leased_until < now() or job_id = any($1))
    order by finished_at is not null, created_at limit {_MOST_AT_ONCE}
"""
_FORGET_SQL = f"delete from service.export_jobs where {IS_OVER} and attempt_token is null"


@dataclass(frozen=True)
class WaitingJob:
    """A job that nothing works on; `launches` counts the runs that came to nothing."""

    job_id: str
    shop_id: UUID
    launches: int
    jobs_before: int


@dataclass(frozen=True)
class AbandonedAttempt:
    """An attempt whose lease or run ended before it said that nothing of it is left in the store."""

    job_id: str
    shop_id: UUID
    token: UUID
    file_name: str
    is_running: bool

    @property
    def object_key(self) -> str:
        """Where it wrote."""
        return object_key(self.shop_id, self.job_id, self.token, self.file_name)


async def waiting_jobs(connection: Connection) -> list[WaitingJob]:
    """Return jobs that have waited for some seconds: of each shop the oldest, then the next of each, and so on."""
    return [WaitingJob(**row) for row in await connection.fetch(_WAITING_SQL)]


async def count_launch(connection: Connection, job: WaitingJob) -> int | None:
    """Note that the job's run came to nothing; return the next one's number.

    None if it waits no more, or has just been failed after too many of them.
    """
    row = await connection.fetchrow(_COUNT_LAUNCH_SQL, job.job_id, job.launches)
    return None if row is None or row["status"] != "queued" else row["launches"]


async def held_jobs(connection: Connection) -> dict[str, str]:
    """Return the run of each job that is held by a live lease."""
    return {row["job_id"]: row["run_id"] for row in await connection.fetch(_HELD_SQL)}


async def lately_held(connection: Connection, runs: Sequence[str]) -> set[str]:
    """Return those of the runs that hold a job, or did within the last minute."""
    return {row["run_id"] for row in await connection.fetch(_LATELY_HELD_SQL, runs)}


async def abandoned_attempts(connection: Connection, jobs_without_run: Sequence[str]) -> list[AbandonedAttempt]:
    """Return attempts to clean up after: those of unfinished jobs first, the oldest first.

    Args:
        connection: to the primary.
        jobs_without_run: those whose run has ended though their lease has not.
    """
    return [AbandonedAttempt(**row) for row in await connection.fetch(_ABANDONED_SQL, jobs_without_run)]


async def forget_old_jobs(connection: Connection) -> int:
    """Delete the records of jobs that ended more than 24 hours ago; return how many."""
    return int((await connection.execute(_FORGET_SQL)).rpartition(" ")[2])
