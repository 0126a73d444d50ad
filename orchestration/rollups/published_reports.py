"""The asset `published_reports`: what the API serves, brought up to date after dbt's models passed their tests."""

from typing import Any

import dagster as dg
import psycopg

from orchestration.rollups.build_lock import BuildLock, publisher_dsn
from orchestration.rollups.dbt_models import MANIFEST, TRANSLATOR
from orchestration.rollups.dbt_project import published_models
from orchestration.rollups.publish import Publication, publish

MODELS = published_models(MANIFEST)
_NODES = {node["name"]: node for node in MANIFEST["nodes"].values() if node["resource_type"] == "model"}


@dg.asset(
    deps=[TRANSLATOR.get_asset_key(_NODES[model.name]) for model in MODELS],
    group_name="publish",
    kinds={"postgres"},
)
def published_reports(context: dg.AssetExecutionContext, build_lock: BuildLock) -> dg.MaterializeResult[Any]:
    """Tables of the schema `reports`, all changed in one transaction, with each shop's build row."""
    with psycopg.connect(publisher_dsn(), autocommit=True) as connection:
        publication = publish(connection, MODELS)
    for table in sorted(publication.rows_added):
        added, removed = publication.rows_added[table], publication.rows_removed[table]
        if added or removed:
            context.log.info(f"{table}: {removed} rows removed, {added} added")
    context.log.info(
        f"build {publication.build_id} covers the source up to {publication.as_of.isoformat()};"
        f" {publication.shops_changed} shops have new numbers"
    )
    return dg.MaterializeResult(metadata=_metadata(publication))


def _metadata(publication: Publication) -> dict[str, Any]:
    return {
        "build_id": publication.build_id,
        "as_of": dg.MetadataValue.timestamp(publication.as_of),
        "shops_changed": publication.shops_changed,
        "rows_added": sum(publication.rows_added.values()),
        "rows_removed": sum(publication.rows_removed.values()),
    }
