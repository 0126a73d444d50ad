"""What Dagster loads as the code location `exports`."""

import dagster as dg

from orchestration.exports.object_store import export_bucket, takes_and_serves_files

check_export_store = dg.define_asset_job(
    "check_export_store",
    selection=dg.AssetSelection.checks(takes_and_serves_files),
    executor_def=dg.in_process_executor,
)

defs = dg.Definitions(assets=[export_bucket], asset_checks=[takes_and_serves_files], jobs=[check_export_store])
