"""Source freshness as asset checks: dbt compares the newest updated_at with what _sources.yml allows."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration.check_results import ERROR, WARN, check_result
from orchestration.rollups.dbt_models import MANIFEST, TRANSLATOR
from orchestration.rollups.dbt_runs import source_freshness

_SOURCES = {
    unique_id: source
    for unique_id, source in MANIFEST["sources"].items()
    if any((source["freshness"] or {}).get(limit, {}).get("count") for limit in ("warn_after", "error_after"))
}
_SEVERITIES = {"pass": None, "warn": WARN, "error": ERROR}  # else it could not be read


@dg.multi_asset_check(
    name="source_freshness",
    specs=[
        dg.AssetCheckSpec(
            "fresh",
            asset=TRANSLATOR.get_asset_key(source),
            description=f"The newest row is as new as _sources.yml asks. If red: {source['config']['meta']['to_do']}",
        )
        for source in _SOURCES.values()
    ],
)
def sources_fresh() -> Iterator[dg.AssetCheckResult]:
    """Have dbt look at the newest row of each source table that has a limit."""
    for result in source_freshness():
        source = _SOURCES[result.node.unique_id]
        metadata: dict[str, Any] = {}
        if result.status == "runtime error":
            found = f"it cannot be read: {result.message}"
        else:
            hours = round(result.age / 3600, 1)
            found = f"the newest row was written {hours:.0f} hours ago"
            metadata = {"hours": hours, "newest": dg.MetadataValue.timestamp(result.max_loaded_at)}
        severity = _SEVERITIES.get(result.status, ERROR)
        told_result = check_result(found, to_do=source["config"]["meta"]["to_do"], severity=severity, metadata=metadata)
        yield told_result._replace(asset_key=TRANSLATOR.get_asset_key(source), check_name="fresh")
