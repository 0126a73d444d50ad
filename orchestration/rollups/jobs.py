"""Jobs and schedules of the rollups: a build every 15 minutes, a reconciliation every night."""

import dagster as dg

from orchestration.rollups.dbt_models import dbt_models
from orchestration.rollups.published_reports import published_reports
from orchestration.rollups.reconciled_reports import equals_source

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

build_rollups = dg.define_asset_job(
    "build_rollups",
    selection=(_models | _published | dg.AssetSelection.checks_for_assets(dbt_models, published_reports))
    - dg.AssetSelection.checks(equals_source),
    description="Build and test the dbt models from what changed in the source, then publish them.",
    tags=_ONE_AT_A_TIME,
    executor_def=dg.in_process_executor,
)

reconcile_rollups = dg.define_asset_job(
    "reconcile_rollups",
    selection=_models | _published | dg.AssetSelection.checks_for_assets(dbt_models, published_reports),
    description="Build, publish, compare every shop and month with the source, and rebuild what differs.",
    tags=_ONE_AT_A_TIME,
    executor_def=dg.in_process_executor,
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
