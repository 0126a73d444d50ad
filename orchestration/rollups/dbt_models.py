"""dbt's models as assets and its tests as asset checks, run by dbt inside the run's own process.

`DbtCliResource` starts dbt twice more for each build, once to ask its version and once to parse; measured
10.8 s for two models and four tests against 7.3 s with dbt's own runner.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import psycopg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test, get_dbt_resource_names_for_asset_keys

from orchestration.rollups.build_config import BuildConfig
from orchestration.rollups.build_lock import BuildLock, publisher_dsn
from orchestration.rollups.dbt_project import DBT_PROJECT_DIR, load_manifest, project_digest, project_times
from orchestration.rollups.dbt_runs import RESULT_LINES, RETRIES, run_dbt
from orchestration.rollups.project_built import WHAT_MOVES, is_built, remember_built
from orchestration.rollups.removed_metrics import check_metrics, metric_names, removed_metrics

OWNERS = ["team:data"]
PROJECT_TIMES = project_times()  # before it is read: an edit meanwhile must not pass for read
PROJECT_DIGEST = project_digest()
MANIFEST = load_manifest()


class ModelTranslator(DagsterDbtTranslator):
    """Groups each model by the folder it lies in: the pipeline's stages."""

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str]:
        """Return who mends it."""
        return OWNERS

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Return the first folder below models/, sources and seeds for theirs."""
        kind, folder = dbt_resource_props["resource_type"], str(dbt_resource_props["fqn"][1])
        return {"source": "source", "seed": "staging"}.get(kind, folder)


_PROJECT = DbtProject(DBT_PROJECT_DIR)  # where the models' files are, which their assets link to
TRANSLATOR = ModelTranslator(DagsterDbtTranslatorSettings(enable_code_references=True))


# These hold what is new after each build, though nothing had to be done for them; publishing waits for them.
_PUBLISHED_VIEWS = [
    TRANSLATOR.get_asset_key(node)
    for node in MANIFEST["nodes"].values()
    if node["config"]["materialized"] == "view" and node["config"].get("meta", {}).get("published")
]


@dbt_assets(
    manifest=MANIFEST,
    project=_PROJECT,
    name="dbt_models",
    dagster_dbt_translator=TRANSLATOR,
    retry_policy=RETRIES,
)
def dbt_models(
    context: dg.AssetExecutionContext, config: BuildConfig, build_lock: BuildLock
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    """Build the models, views only if the project has changed; a failure leaves what is published as it was."""
    with psycopg.connect(publisher_dsn()) as connection:
        check_metrics(connection, metric_names(MANIFEST), removed_metrics(MANIFEST))
        has_views = is_built(connection, PROJECT_DIGEST)
        if config.dry_run:
            for shop_id, orders in config.chosen.count(connection):
                context.log.info(f"would compute anew {orders} orders of shop {shop_id}")
            context.log.info("a dry run: nothing was changed; set dry_run to false to do it")
            return
        if config.rebuild:
            context.log.info(f"{config.chosen.mark(connection)} orders are marked, to be computed anew")
    names: Sequence[str] = ()
    if context.is_subset:
        names = get_dbt_resource_names_for_asset_keys(TRANSLATOR, MANIFEST, dbt_models, context.selected_asset_keys)
    elif has_views and not config.full_refresh:
        names = WHAT_MOVES
    for event in run_dbt(full_refresh=config.full_refresh, names=names):
        if event["info"]["name"] in RESULT_LINES:
            context.log.info(event["info"]["msg"])
        elif event["info"]["name"] == "NodeFinished":
            yield from _asset_events(event["data"])
    if names is WHAT_MOVES:
        yield from (dg.MaterializeResult(asset_key=key) for key in _PUBLISHED_VIEWS)
    if has_views or not context.is_subset:
        with psycopg.connect(publisher_dsn()) as connection:
            remember_built(connection, PROJECT_DIGEST)


def _asset_events(data: Mapping[str, Any]) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    node = MANIFEST["nodes"].get(data["node_info"]["unique_id"])
    if node is None:  # a unit test, or the project's hook
        return
    result = data["run_result"]
    metadata = {"seconds": float(result.get("execution_time", 0))}
    if node["resource_type"] != "test":
        if result["status"] == "success":
            done = result.get("adapter_response", {})
            # a model that is moved ends with removing empty cells, which tells nothing
            if done.get("code") in ("INSERT", "SELECT"):
                metadata["rows"] = int(done["rows_affected"])
            yield dg.MaterializeResult(asset_key=TRANSLATOR.get_asset_key(node), metadata=dict(metadata))
    elif result["status"] in ("pass", "warn", "fail", "error"):
        key = get_asset_check_key_for_test(MANIFEST, TRANSLATOR, node["unique_id"], project=_PROJECT)
        if key is not None:
            yield dg.AssetCheckResult(
                asset_key=key.asset_key,
                check_name=key.name,
                passed=result["status"] == "pass",
                severity=dg.AssetCheckSeverity.WARN if result["status"] == "warn" else dg.AssetCheckSeverity.ERROR,
                description=result.get("message"),
                metadata={**metadata, "rows_found": int(result.get("num_failures") or 0)},
            )
