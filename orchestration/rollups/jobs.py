"""Jobs and schedules of the rollups: a build every 15 minutes, a reconciliation every night."""

import dagster as dg

from orchestration.rollups.dbt_models import dbt_models
from orchestration.rollups.published_checks import cancel_reasons_known, rates_there, up_to_date
from orchestration.rollups.published_reports import published_reports
from orchestration.rollups.reconciled_reports import equals_source
from orchestration.rollups.source_freshness import sources_fresh

# One such run at a time, by the queue's limit on this tag; the build lock guards those outside the queue.
_ONE_AT_A_TIME = {"preorders/build": "rollups"}
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
_models = dg.AssetSelection.assets(dbt_models)
_published = dg.AssetSelection.assets(published_reports)
_looks = dg.AssetSelection.checks(sources_fresh, up_to_date, rates_there, cancel_reasons_known)
_build = (_models | _published | dg.AssetSelection.checks_for_assets(dbt_models, published_reports)) - _looks

build_rollups = dg.define_asset_job(
    "build_rollups",
    selection=_build - dg.AssetSelection.checks(equals_source),
    description="Build and test the dbt models from what changed in the source, then publish them.",
    tags=_ONE_AT_A_TIME,
    executor_def=dg.in_process_executor,
)

reconcile_rollups = dg.define_asset_job(
    "reconcile_rollups",
    selection=_build,
    description="Build, publish, compare every shop and month with the source, and rebuild what differs.",
    tags=_ONE_AT_A_TIME,
    executor_def=dg.in_process_executor,
)


check_rollups = dg.define_asset_job(
    "check_rollups",
    selection=_looks,
    description="Look whether the source and what is published are fresh and whole. Changes nothing.",
    executor_def=dg.in_process_executor,
)

check_rollups_every_15_minutes = dg.ScheduleDefinition(
    name="check_rollups_every_15_minutes",
    job=check_rollups,
    cron_schedule="10-59/15 * * * *",  # after the builds
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


@dg.schedule(job=build_rollups, cron_schedule="*/15 * * * *", default_status=dg.DefaultScheduleStatus.RUNNING)
def every_15_minutes(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Build, unless a build is still waiting or running: the next one sees its changes too."""
    unfinished = context.instance.get_runs_count(dg.RunsFilter(job_name=build_rollups.name, statuses=_UNFINISHED))
    return dg.SkipReason("the build before is not finished") if unfinished else dg.RunRequest()


every_night = dg.ScheduleDefinition(
    name="every_night",
    job=reconcile_rollups,
    cron_schedule="10 3 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
