"""The nightly check that the published numbers still equal the source, over all history."""

from typing import Any

import dagster as dg
import psycopg
from psycopg.rows import dict_row

from orchestration.rollups.build_lock import BuildLock, publisher_dsn
from orchestration.rollups.published_reports import published_reports

_ROWS_SHOWN = 50


@dg.asset_check(asset=published_reports, name="equals_source", additional_deps=["reconciliation_differences"])
def equals_source(context: dg.AssetCheckExecutionContext, build_lock: BuildLock) -> dg.AssetCheckResult:
    """Counts and amounts of every event by shop and month, against the source.

    A shop without a difference gets the instant of this check as its `freshness.reconciled`.
    """
    with psycopg.connect(publisher_dsn(), row_factory=dict_row) as connection:
        differences = connection.execute("select * from analytics.reconciliation_differences").fetchall()
        wrong_shops = list({row["shop_id"] for row in differences})
        passed_shops = connection.execute(
            "update reports.shop_builds set reconciled_at = now() where shop_id <> all(%s)", (wrong_shops,)
        ).rowcount
    context.log.info(f"{passed_shops} shops equal the source, {len(wrong_shops)} do not")
    if not differences:
        return dg.AssetCheckResult(passed=True, metadata={"shops_passed": passed_shops})
    return dg.AssetCheckResult(
        passed=False,
        description=f"{len(wrong_shops)} shops differ from the source; a full refresh mends them",
        metadata={
            "shops_passed": passed_shops,
            "differences": len(differences),
            "rows": dg.MetadataValue.md(_table(differences[:_ROWS_SHOWN])),
        },
    )


def _table(rows: list[dict[str, Any]]) -> str:
    header = list(rows[0])
    lines = [header, ["---"] * len(header), *([str(row[name]) for name in header] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
