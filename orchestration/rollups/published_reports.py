"""The asset `published_reports`: what the API serves, brought up to date after dbt's models passed their tests."""

from collections.abc import Iterator
from datetime import UTC, datetime
from logging import Logger
from typing import Any

import dagster as dg
import psycopg

from orchestration.check_results import ERROR, ROWS_SHOWN, as_markdown, check_result
from orchestration.rollups.audits import as_table
from orchestration.rollups.build_lock import BuildLock, publisher_dsn
from orchestration.rollups.dbt_models import MANIFEST, OWNERS, TRANSLATOR
from orchestration.rollups.dbt_project import published_models
from orchestration.rollups.dbt_runs import RETRIES
from orchestration.rollups.publish import Publication, publish
from orchestration.rollups.removed_metrics import removed_columns

MODELS = published_models(MANIFEST)
_NODES = {node["name"]: node for node in MANIFEST["nodes"].values() if node["resource_type"] == "model"}


@dg.asset(
    deps=[TRANSLATOR.get_asset_key(_NODES[model.name]) for model in MODELS],
    check_specs=[
        dg.AssetCheckSpec(
            "audited",
            asset="published_reports",
            description="No shop is held back: the audits found nothing wrong. If red: the table names shop, day,"
            " metric and both values; mend the source row or the model, then launch as its To do says.",
        )
    ],
    group_name="publish",
    owners=OWNERS,
    retry_policy=RETRIES,
    kinds={"postgres"},
)
def published_reports(
    context: dg.AssetExecutionContext, build_lock: BuildLock
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    """Tables of the schema `reports`, all changed in one transaction, with each shop's build row."""
    publication = publish_models(context.log)
    yield dg.MaterializeResult(metadata=_metadata(publication))
    yield _audited(publication)


def publish_models(log: Logger, every_row: bool = False) -> Publication:
    """Publish what dbt has built, and log what changed and which shops are held back."""
    with psycopg.connect(publisher_dsn(), autocommit=True) as connection:
        publication = publish(connection, MODELS, removed_columns(MANIFEST), every_row)
    for table, served in publication.tables.items():
        if served.removed or served.written:
            log.info(f"{table}: {served.removed} rows removed, {served.written} written")
    for failure in publication.failures[:ROWS_SHOWN]:
        log.error(f"held back: {failure}")
    log.info(
        f"build {publication.build_id} covers the source up to {publication.as_of.isoformat()};"
        f" {publication.shops_changed} shops have new numbers, {len(publication.shops_held_back)} are held back"
    )
    return publication


def report_publication(instance: dg.DagsterInstance, publication: Publication) -> None:
    """Have Dagster show a publication that was not made by the asset itself, and what its audits found."""
    key, audited = published_reports.key, _audited(publication)
    instance.report_runless_asset_event(dg.AssetMaterialization(key, metadata=_metadata(publication)))
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=key,
            check_name="audited",
            passed=audited.passed,
            severity=audited.severity,
            description=audited.description,
            metadata=audited.metadata,
        )
    )


def _audited(publication: Publication) -> dg.AssetCheckResult:
    failures = publication.failures
    if not failures:
        return dg.AssetCheckResult(check_name="audited", passed=True)
    return check_result(
        f"{len(publication.shops_held_back)} shops stay on their last good build; first {failures[0]}",
        to_do="mend what the table names: a source row, then launch build_rollups; a number of the models, then launch"
        " rebuild_orders for the shop, and if it stays, reconcile_rollups, which makes the sums anew from the ledger."
        " The shops' readers keep their last good numbers meanwhile",
        severity=ERROR,
        metadata={
            "shops_held_back": ", ".join(map(str, sorted(publication.shops_held_back))),
            "findings": len(failures),
            "rows": as_table(failures[:ROWS_SHOWN]),
        },
    )._replace(check_name="audited")


def _metadata(publication: Publication) -> dict[str, Any]:
    moved = publication.moved
    tables = [(name, served.removed, served.written) for name, served in publication.tables.items()]
    return {
        "build_id": publication.build_id,
        "as_of": dg.MetadataValue.timestamp(publication.as_of),
        "lag_seconds": round((datetime.now(UTC) - publication.as_of).total_seconds(), 1),
        "orders_changed": moved.orders,
        "ledger_rows_changed": moved.ledger_rows,
        "cells_moved": moved.cells,
        "moved_by_shop": as_markdown(("shop", "metric", "by"), moved.by_shop[:ROWS_SHOWN]),
        "tables": as_markdown(("table", "rows removed", "rows written"), [row for row in tables if row[1] or row[2]]),
        "shops_changed": publication.shops_changed,
        "shops_held_back": len(publication.shops_held_back),
        "rows_written": sum(served.written for served in publication.tables.values()),
        "rows_removed": sum(served.removed for served in publication.tables.values()),
    }
