"""Jobs and schedules of the rollups: a build every 15 minutes, a reconciliation every night."""

import dagster as dg

from orchestration.rollups.build_config import BuildConfig
from orchestration.rollups.dbt_models import dbt_models
from orchestration.rollups.published_checks import cancel_reasons_known, rates_there, reconciled, up_to_date
from orchestration.rollups.published_reports import published_reports
from orchestration.rollups.reconciled_reports import equals_source
from orchestration.rollups.source_freshness import sources_fresh
from orchestration.run_statuses import UNFINISHED

# One such run at a time, by the queue's limit on this tag; the build lock guards those outside the queue.
_ONE_AT_A_TIME = {"preorders/build": "rollups"}
# What is longer hangs, and run monitoring ends it.
_BUILD_LIMITS = {**_ONE_AT_A_TIME, "dagster/max_runtime": "7200"}
_NIGHT_LIMITS = {**_ONE_AT_A_TIME, "dagster/max_runtime": "14400"}
_models = dg.AssetSelection.assets(dbt_models)
_published = dg.AssetSelection.assets(published_reports)
_looks = dg.AssetSelection.checks(sources_fresh, up_to_date, reconciled, rates_there, cancel_reasons_known)
# With the checks of what is published: Dagster shows those from before the last publication as not evaluated.
_reconcile = _models | _published | dg.AssetSelection.checks_for_assets(dbt_models, published_reports)
_build = _reconcile - dg.AssetSelection.checks(equals_source)

build_rollups = dg.define_asset_job(
    "build_rollups",
    selection=_build,
    description="Build and test the dbt models from what changed in the source, then publish them.",
    tags=_BUILD_LIMITS,
    executor_def=dg.in_process_executor,
)

rebuild_orders = dg.define_asset_job(
    "rebuild_orders",
    selection=_build,
    description="By hand: compute anew the orders of a shop, of a window, or of both, and publish. A dry run as it"
    " comes: it tells how many orders of which shops; set dry_run to false to do it.",
    config=dg.RunConfig(ops={"dbt_models": BuildConfig(rebuild=True, dry_run=True)}),
    tags=_BUILD_LIMITS,
    executor_def=dg.in_process_executor,
)

full_refresh = dg.define_asset_job(
    "full_refresh",
    selection=_build,
    description="By hand: rebuild everything from all source rows, and publish what differs. Readers keep the last"
    " build until it is done. A dry run as it comes; set dry_run to false to do it.",
    config=dg.RunConfig(ops={"dbt_models": BuildConfig(full_refresh=True, dry_run=True)}),
    tags=_NIGHT_LIMITS,
    executor_def=dg.in_process_executor,
)

reconcile_rollups = dg.define_asset_job(
    "reconcile_rollups",
    selection=_reconcile,
    description="Build, publish, compare every shop and month with the source, and rebuild what differs.",
    tags=_NIGHT_LIMITS,
    executor_def=dg.in_process_executor,
)


check_rollups = dg.define_asset_job(
    "check_rollups",
    selection=_looks,
    tags={"dagster/max_runtime": "600"},
    description="Look whether the source and what is published are fresh and whole. Changes nothing.",
    executor_def=dg.in_process_executor,
)

check_rollups_every_15_minutes = dg.ScheduleDefinition(
    name="check_rollups_every_15_minutes",
    job=check_rollups,
    description=check_rollups.description,
    cron_schedule="10-59/15 * * * *",  # after the builds
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


@dg.schedule(
    job=build_rollups,
    description=build_rollups.description,
    cron_schedule="*/15 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def build_every_15_minutes(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Build, unless a build is still waiting or running: the next one sees its changes too."""
    unfinished = context.instance.get_runs_count(dg.RunsFilter(job_name=build_rollups.name, statuses=UNFINISHED))
    return dg.SkipReason("the build before is not finished") if unfinished else dg.RunRequest()


reconcile_every_night = dg.ScheduleDefinition(
    name="reconcile_every_night",
    job=reconcile_rollups,
    description=reconcile_rollups.description,
    cron_schedule="10 3 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
