"""How exports are doing, over all shops: what waits, and what failed. For the data team's checks."""

from dataclasses import dataclass
from typing import Any

from api.reports.published import Connection

# Of a job: a later one of the same request has a file, or will have one.
MADE_AGAIN = """exists (
    select from service.export_jobs as later
    where
        (later.shop_id, later.report, later.parameters, later.file_format)
        = (jobs.shop_id, jobs.report, jobs.parameters, jobs.file_format)
        and later.created_at > jobs.finished_at and later.status in ('queued', 'running', 'ready')
)"""
_LASTING = f"jobs.status = 'failed' and not {MADE_AGAIN}"
_WAITING_SQL = """
    select
        count(*) filter (where status = 'queued') as queued,
        count(*) filter (where status = 'running') as running,
        coalesce(extract(epoch from now() - min(created_at) filter (where status = 'queued')), 0)::float
            as longest_wait_seconds
    from service.export_jobs
    where finished_at is null
"""
_ENDED_SQL = f"""
    select count(*) as ended, count(*) filter (where {_LASTING}) as failed
    from service.export_jobs as jobs
    where finished_at > now() - interval '1 hour'
"""
_FAILURES_SQL = f"""
    select report, error, count(*) as jobs, max(job_id) as latest_job
    from service.export_jobs as jobs
    where {_LASTING} and finished_at > now() - interval '1 hour'
    group by report, error
    order by jobs desc, report, error
    limit 50
"""


@dataclass(frozen=True)
class Backlog:
    """Jobs that have not ended; how long the oldest one has waited for a run, in seconds."""

    queued: int
    running: int
    longest_wait_seconds: float


@dataclass(frozen=True)
class Outcome:
    """Jobs that ended within the last hour, how many failed and were not made again, and these by report and error."""

    ended: int
    failed: int
    failures: list[dict[str, Any]]


async def backlog(connection: Connection) -> Backlog:
    """Return what waits."""
    return Backlog(**await connection.fetchrow(_WAITING_SQL))


async def last_hour(connection: Connection) -> Outcome:
    """Return how the jobs of the last hour ended."""
    ended = await connection.fetchrow(_ENDED_SQL)
    return Outcome(**ended, failures=[dict(row) for row in await connection.fetch(_FAILURES_SQL)])
