"""The asset check `equals_source`, run every night: what is published still tells what the source does."""

import dagster as dg
import psycopg
from pydantic import Field

from orchestration.check_results import ERROR, ROWS_SHOWN, check_result
from orchestration.rollups.audits import as_table
from orchestration.rollups.build_lock import BuildLock, publisher_dsn
from orchestration.rollups.dbt_runs import RESULT_LINES, run_dbt
from orchestration.rollups.published_reports import publish_models, published_reports, report_publication
from orchestration.rollups.reconciliation import Reconciliation, months_differing, reconcile


class ReconcileConfig(dg.Config):
    """How to reconcile."""

    dry_run: bool = Field(default=False, description="Only compare, by hand: nothing is rebuilt, and no shop dated.")


@dg.asset_check(asset=published_reports, name="equals_source")
def equals_source(
    context: dg.AssetCheckExecutionContext, config: ReconcileConfig, build_lock: BuildLock
) -> dg.AssetCheckResult:
    """Counts and amounts of every event by shop and month, against the source; what differs is rebuilt.

    A shop without a difference gets the instant of this check as its `freshness.reconciled`. If red: rebuilding did not
    mend it, so the models are wrong: the table names shop, day and event; mend them, then launch full_refresh. Or a
    shop is held back: the check audited says why.
    """

    def rebuild(*names: str) -> None:
        for event in run_dbt(full_refresh=bool(names), names=names):
            if event["info"]["name"] in RESULT_LINES:
                context.log.info(event["info"]["msg"])

    with psycopg.connect(publisher_dsn(), autocommit=True) as connection:
        if config.dry_run:
            found = [difference for side in months_differing(connection) for difference in side]
            result = Reconciliation(found, found, orders_rebuilt=0, shops_passed=0)
        else:
            result = reconcile(connection, rebuild, lambda: publish_models(context.log, every_row=True))
    for difference in result.found[:ROWS_SHOWN]:
        context.log.warning(f"reconciliation: {difference}")
    if result.publication:
        report_publication(context.instance, result.publication)
    context.log.info(f"{result.shops_passed} shops are dated as reconciled; {len(result.left)} differences are left")
    return check_result(
        _finding(result, config.dry_run),
        to_do=_to_do(result, config.dry_run),
        severity=ERROR if result.left or result.shops_held_back else None,
        metadata={
            "shops_passed": result.shops_passed,
            "differences": len(result.found),
            "differences_left": len(result.left),
            "shops_held_back": len(result.shops_held_back),
            "orders_rebuilt": result.orders_rebuilt,
            "rows": as_table(result.found[:ROWS_SHOWN]),
        },
    )


def _finding(result: Reconciliation, is_dry_run: bool) -> str:
    if result.left:
        did = "nothing was rebuilt" if is_dry_run else "are left after rebuilding"
        return f"{len(result.left)} differences, {did}; first {result.left[0]}"
    if result.publication and result.shops_held_back:
        return f"{len(result.shops_held_back)} shops are held back; first {result.publication.failures[0]}"
    if result.found:
        return f"{len(result.found)} differences were found and mended; first {result.found[0]}"
    return "no difference"


def _to_do(result: Reconciliation, is_dry_run: bool) -> str:
    if is_dry_run:
        return "launch reconcile_rollups without dry_run, which mends it"
    if result.left:
        return (
            "the models are wrong, since rebuilding did not mend it: find the table's shop, day and event in the"
            " ledger, mend the model, and launch full_refresh"
        )
    return "see what the check audited says, and mend the source row or launch rebuild_orders for the shop"
