"""What Dagster loads as the code location `exports`."""

from pathlib import Path

import dagster as dg

from api.exports.object_store import s3_client
from orchestration.alerts import alerts
from orchestration.exports.export_checks import (
    exports_do_not_wait,
    exports_succeed,
    follows_the_primary,
    replica_asset,
)
from orchestration.exports.keeper import keep_exports
from orchestration.exports.manage_exports import manage_exports
from orchestration.exports.object_store import bucket_asset, takes_and_serves_files
from orchestration.exports.retention import remove_expired_exports, remove_expired_exports_every_hour
from orchestration.exports.rotate_key import rotate_key
from orchestration.exports.write_export import export_report

_CHECKS = [takes_and_serves_files, follows_the_primary, exports_do_not_wait, exports_succeed]

check_exports = dg.define_asset_job(
    "check_exports",
    selection=dg.AssetSelection.checks(*_CHECKS),
    tags={"dagster/max_runtime": "600"},
    description="Look whether the replica follows, the object store works and exports are made. Changes nothing.",
    executor_def=dg.in_process_executor,
)

check_exports_every_5_minutes = dg.ScheduleDefinition(
    name="check_exports_every_5_minutes",
    job=check_exports,
    description=check_exports.description,
    cron_schedule="*/5 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

defs = dg.Definitions(
    assets=[bucket_asset, replica_asset],
    asset_checks=_CHECKS,
    jobs=[check_exports, export_report, manage_exports, remove_expired_exports, rotate_key],
    schedules=[remove_expired_exports_every_hour, check_exports_every_5_minutes],
    sensors=[keep_exports, alerts],
)


def preload() -> dict[Path, float]:
    """Make what every export needs and no connection yet: boto3 reads the store's interface for a tenth of a second."""
    s3_client()
    return {}
