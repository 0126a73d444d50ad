"""Checks on what serves the reports: the replica that they are read from, and the exports."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import asyncpg
import dagster as dg

from api.exports.health import backlog, last_hour
from api.servers import LAG_SQL
from orchestration.check_results import ERROR, as_markdown, check_result, graded
from orchestration.exports.databases import job_records, reports_connection
from orchestration.exports.object_store import bucket_asset

# The replica is within a second of the primary; from 30 s on (PREORDERS_STALE_SECONDS) answers say that they are stale.
_LAG_SECONDS, _TOO_MUCH_LAG_SECONDS = 10, 60
# A queued job is launched at once, or by the keeper within 10 s.
_WAIT_SECONDS, _TOO_LONG_WAIT_SECONDS = 60, 600
_MOST_FAILED = 0.2
Found = TypeVar("Found")

replica_asset = dg.AssetSpec(
    "reports_replica",
    deps=["published_reports"],
    group_name="serving",
    owners=["team:data"],
    kinds={"postgres"},
    description="The streaming replica that the API and the exports read the reports from.",
)


@dg.asset_check(asset=replica_asset.key)
def follows_the_primary() -> dg.AssetCheckResult:
    """The heartbeat that the API writes on the primary is on the replica within 10 seconds; from 60 on it is an error.

    If red: see that the replica runs and its disk has room; `pg_stat_wal_receiver` on it is empty when it is cut off.
    `preorders status` names its log. If its slot was given up (max_slot_wal_keep_size), copy it anew. If the heartbeat
    has stopped on the primary too, the API is down.
    """
    to_do = (
        "see by `preorders status` and its log that the replica runs and follows (pg_stat_wal_receiver), and that the"
        " API, which writes the heartbeat, runs"
    )
    try:
        lag = asyncio.run(_lag_seconds())
    except (asyncpg.PostgresError, OSError) as error:
        cause = str(error) or type(error).__name__  # a TimeoutError says nothing else
        return check_result(
            f"the replica does not answer, so the API answers 503: {cause}", to_do=to_do, severity=ERROR, metadata={}
        )
    severity = graded(lag, warn_above=_LAG_SECONDS, error_above=_TOO_MUCH_LAG_SECONDS)
    return check_result(
        f"the heartbeat on the replica is {lag:.1f} seconds old",
        to_do=f"{to_do}; readers are served the last numbers that arrived meanwhile",
        severity=severity,
        metadata={"lag_seconds": round(lag, 2)},
    )


@dg.asset_check(asset=bucket_asset.key)
def exports_do_not_wait() -> dg.AssetCheckResult:
    """No export has waited for its run for more than a minute; from 10 minutes on it is an error.

    If red: see that the daemon runs, that the sensor keep_exports is on, and what is in the queue: 4 exports are
    made at once, 2 of one shop. A run that hangs loses its job by itself; manage_exports cancels what nobody needs.
    """
    waiting = asyncio.run(_asked(backlog))
    return check_result(
        f"{waiting.queued} exports wait, the oldest for {waiting.longest_wait_seconds:.0f} s; {waiting.running} run",
        to_do="see that the daemon runs and the sensor keep_exports is on; look at the queue of runs, and launch"
        " manage_exports to cancel what nobody needs",
        severity=graded(waiting.longest_wait_seconds, warn_above=_WAIT_SECONDS, error_above=_TOO_LONG_WAIT_SECONDS),
        metadata={
            "queued": waiting.queued,
            "running": waiting.running,
            "longest_wait_seconds": round(waiting.longest_wait_seconds, 1),
        },
    )


@dg.asset_check(asset=bucket_asset.key)
def exports_succeed() -> dg.AssetCheckResult:
    """No export of the last hour failed but those that were made again; if more than a fifth did, it is an error.

    If red: the table says what failed and why. `could not be stored`: look at takes_and_serves_files. A missing
    exchange rate: look at rates_there. Then launch manage_exports to have them made again.
    """
    outcome = asyncio.run(_asked(last_hour))
    share = outcome.failed / outcome.ended if outcome.ended else 0.0
    return check_result(
        f"{outcome.failed} of {outcome.ended} exports failed within the last hour",
        to_do="mend what the table names (the store: takes_and_serves_files; exchange rates: rates_there), then launch"
        " manage_exports to make them again",
        severity=graded(share, warn_above=0, error_above=_MOST_FAILED),
        metadata={
            "failed": outcome.failed,
            "ended": outcome.ended,
            "failures": as_markdown(
                ("report", "error", "jobs", "latest"), [tuple(row.values()) for row in outcome.failures]
            ),
        },
    )


async def _lag_seconds() -> float:
    async with reports_connection() as connection:
        lag: float = await connection.fetchval(LAG_SQL)
        return lag


async def _asked(question: Callable[[asyncpg.Pool], Coroutine[Any, Any, Found]]) -> Found:
    async with job_records() as records:
        return await question(records)
