"""The keeper of export jobs: launches what was missed, ends what died, and removes what was left behind.

Nothing here depends on who died where. Each tick compares the job records with Dagster's runs and the store,
so a job posted while anything was down is picked up when it is back.
"""

import asyncio
import time

import asyncpg
import dagster as dg

from api.exports.attempts import fail, give_back, mark_clean
from api.exports.crash_points import crash_point
from api.exports.launch import JOB_TAG, LAUNCH_TAG, run_config, run_tags
from api.exports.object_store import export_bucket, s3_client
from api.exports.upkeep import (
    SILENT_SECONDS,
    AbandonedAttempt,
    WaitingJob,
    abandoned_attempts,
    count_launch,
    forget_old_jobs,
    held_jobs,
    lately_held,
    waiting_jobs,
)
from orchestration.exports.databases import job_records
from orchestration.exports.leftovers import StoreFailed, remove_attempt
from orchestration.exports.write_export import export_report
from orchestration.run_statuses import ENDED

_CLEAN_UP_SECONDS = 15


@dg.sensor(
    job=export_report,
    description="Launch export jobs that wait without a run, and end those whose run died.",
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def keep_exports(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Look after the jobs, and tell what was done."""
    requests, done = asyncio.run(_tick(context))
    context.log.info(done)
    return dg.SensorResult(requests, skip_reason=None if requests else done)


async def _tick(context: dg.SensorEvaluationContext) -> tuple[list[dg.RunRequest], str]:
    async with job_records() as records:
        await _end_silent_runs(context, records)
        requests = await _missing_runs(context.instance, records)
        # the store may take its time over this, so the waiting jobs come first
        removed = await _end_abandoned(context, records)
        forgotten = await forget_old_jobs(records)
    return requests, f"{len(requests)} runs launched, {removed} attempts cleaned up, {forgotten} records forgotten"


async def _end_silent_runs(context: dg.SensorEvaluationContext, records: asyncpg.Pool) -> None:
    """Fail runs that hold no job; Dagster's own launcher does not see it when one dies together with its code server.

    Left alone, they would stand in the way of others by the queue's limits.
    """
    filters = dg.RunsFilter(job_name=export_report.name, statuses=[dg.DagsterRunStatus.STARTED])
    long_ago = time.time() - SILENT_SECONDS
    records_of_runs = context.instance.get_run_records(filters)
    started = [one for one in records_of_runs if one.start_time is not None and one.start_time < long_ago]
    held = await lately_held(records, [one.dagster_run.run_id for one in started])
    for one in started:
        if one.dagster_run.run_id not in held:
            told = f"It holds no export job for {SILENT_SECONDS} seconds: its process is gone, or as good as that."
            context.instance.report_run_failed(one.dagster_run, told)


async def _end_abandoned(context: dg.SensorEvaluationContext, records: asyncpg.Pool) -> int:
    held = await held_jobs(records)
    ended = context.instance.get_runs(dg.RunsFilter(run_ids=list(held.values()), statuses=ENDED)) if held else []
    ended_ids = {run.run_id for run in ended}
    without_run = [job_id for job_id, run_id in held.items() if run_id in ended_ids]
    removed = 0
    deadline = time.monotonic() + _CLEAN_UP_SECONDS
    for attempt in await abandoned_attempts(records, without_run):
        if time.monotonic() > deadline:
            break  # the next tick goes on
        # First it loses the job, so that it can't make ready what is being removed; its token keeps others waiting.
        await give_back(records, attempt.job_id, attempt.token)
        crash_point("given back")
        try:
            await asyncio.to_thread(remove_attempt, s3_client(), export_bucket(), attempt.object_key)
        except StoreFailed as error:
            context.log.warning(f"{attempt.job_id}: the store cannot be cleaned up yet: {error}")
            await _end_uncleaned(records, attempt)
            continue
        await mark_clean(records, attempt.job_id, attempt.token)
        removed += 1
    return removed


async def _end_uncleaned(records: asyncpg.Pool, attempt: AbandonedAttempt) -> None:
    """End the job, for which a store that is away is no reason to wait; its attempt is cleaned up later."""
    if attempt.is_running:
        await fail(records, attempt.job_id, attempt.token, "the file could not be stored; try again later")


async def _missing_runs(instance: dg.DagsterInstance, records: asyncpg.Pool) -> list[dg.RunRequest]:
    waiting = await waiting_jobs(records)
    if not waiting:
        return []
    runs = instance.get_runs(dg.RunsFilter(tags={JOB_TAG: [job.job_id for job in waiting]}))
    is_ended = {(run.tags[JOB_TAG], run.tags[LAUNCH_TAG]): run.is_finished for run in runs}
    requests = []
    for job in waiting:
        launch: int | None = job.launches
        is_over = is_ended.get((job.job_id, str(launch)))
        if is_over is False:
            continue  # it is in the queue, or about to claim the job
        if is_over:
            launch = await count_launch(records, job)
        if launch is not None:
            requests.append(_request(job, launch))
    return requests


def _request(job: WaitingJob, launch: int) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"{job.job_id}-{launch}",
        run_config=run_config(job.job_id),
        tags=run_tags(job.job_id, job.shop_id, job.jobs_before, launch),
    )
