"""How exports are doing, over all shops: what waits, and what failed. For the data team's checks."""

from dataclasses import dataclass
from typing import Any

from api.reports.published import Connection

_WAITING_SQL = """
    select
        count(*) filter (where status = 'queued') as queued,
        count(*) filter (where status = 'running') as running,
        coalesce(extract(epoch from now() - min(created_at) filter (where status = 'queued')), 0)::float
            as longest_wait_seconds
    from service.export_jobs
    where finished_at is null
"""
_ENDED_SQL = """
    select count(*) as ended, count(*) filter (where status = 'failed') as failed
    from service.export_jobs
    where finished_at > now() - interval '1 hour'
"""
_FAILURES_SQL = """
    select report, error, count(*) as jobs, max(job_id) as latest_job
    from service.export_jobs
    where status = 'failed' and finished_at > now() - interval '1 hour'
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
    """Jobs that ended within the last hour, how many failed, and the failures by report and error."""

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
