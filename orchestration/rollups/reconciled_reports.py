"""The asset check `equals_source`, run every night: what is published still tells what the source does."""

import dagster as dg
import psycopg

from orchestration.rollups.audits import as_table
from orchestration.rollups.build_lock import BuildLock, publisher_dsn
from orchestration.rollups.dbt_runs import RESULT_LINES, run_dbt
from orchestration.rollups.published_reports import publish_models, published_reports
from orchestration.rollups.reconciliation import reconcile

_ROWS_SHOWN = 50


@dg.asset_check(asset=published_reports, name="equals_source")
def equals_source(context: dg.AssetCheckExecutionContext, build_lock: BuildLock) -> dg.AssetCheckResult:
    """Counts and amounts of every event by shop and month, against the source; what differs is rebuilt.

    A shop without a difference gets the instant of this check as its `freshness.reconciled`.
    """

    def rebuild(*names: str) -> None:
        for event in run_dbt(full_refresh=bool(names), names=names):
            if event["info"]["name"] in RESULT_LINES:
                context.log.info(event["info"]["msg"])

    with psycopg.connect(publisher_dsn(), autocommit=True) as connection:
        result = reconcile(connection, rebuild, lambda: publish_models(context.log, every_row=True))
    for difference in result.found[:_ROWS_SHOWN]:
        context.log.warning(f"reconciliation: {difference}")
    context.log.info(f"{result.shops_passed} shops equal the source; {len(result.left)} differences are left")
    metadata = {
        "shops_passed": dg.MetadataValue.int(result.shops_passed),
        "differences": dg.MetadataValue.int(len(result.found)),
        "orders_rebuilt": dg.MetadataValue.int(result.orders_rebuilt),
        "rows": dg.MetadataValue.md(as_table(result.found[:_ROWS_SHOWN])),
    }
    if result.left:
        description = f"{len(result.left)} differences are left after rebuilding; first {result.left[0]}"
    else:
        description = f"{len(result.found)} differences were found and mended" if result.found else "no difference"
    return dg.AssetCheckResult(passed=not result.left, description=description, metadata=metadata)
