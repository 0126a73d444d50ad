"""What Dagster loads as the code location `exports`."""

from pathlib import Path

import dagster as dg

from api.exports.object_store import s3_client
from orchestration.exports.keeper import keep_exports
from orchestration.exports.object_store import bucket_asset, takes_and_serves_files
from orchestration.exports.retention import every_hour, remove_expired_exports
from orchestration.exports.write_export import export_report

check_export_store = dg.define_asset_job(
    "check_export_store",
    selection=dg.AssetSelection.checks(takes_and_serves_files),
    executor_def=dg.in_process_executor,
)

defs = dg.Definitions(
    assets=[bucket_asset],
    asset_checks=[takes_and_serves_files],
    jobs=[check_export_store, export_report, remove_expired_exports],
    schedules=[every_hour],
    sensors=[keep_exports],
)


def preload() -> dict[Path, float]:
    """Make what every export needs and no connection yet: boto3 reads the store's interface for a tenth of a second."""
    s3_client()
    return {}
