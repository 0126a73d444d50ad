"""Metrics that reports show are a promise: none vanishes by an edit that didn't mean it."""

from collections.abc import Collection, Mapping
from typing import Any

import dagster as dg
import psycopg

_WHERE = "models/metrics/_metrics.yml"


def metric_names(manifest: Mapping[str, Any]) -> set[str]:
    """Return the metrics that the dbt project defines."""
    return {metric["name"] for metric in _meta(manifest)["metrics"]}


def removed_metrics(manifest: Mapping[str, Any]) -> frozenset[str]:
    """Return the metrics that the dbt project declares as taken out, in the meta `removed_metrics`.

    Raises:
        ValueError: one of them is still defined.
    """
    removed = frozenset(_meta(manifest).get("removed_metrics", ()))
    if still_there := sorted(removed & metric_names(manifest)):
        raise ValueError(f"{', '.join(still_there)}: both defined and under removed_metrics in {_WHERE}")
    return removed


def removed_columns(manifest: Mapping[str, Any]) -> frozenset[str]:
    """Return the columns in which the removed metrics were kept."""
    return frozenset(column for name in removed_metrics(manifest) for column in (name, f"{name}_minor"))


def check_metrics(connection: psycopg.Connection, defined: Collection[str], removed: Collection[str]) -> None:
    """Compare the metrics that reports show with those that the project defines.

    Raises:
        dg.Failure: one is shown, and neither defined nor declared as removed.
    """
    if connection.execute("select to_regclass('reports.metric_definitions')").fetchone() == (None,):
        return
    shown = {name for (name,) in connection.execute("select metric from reports.metric_definitions").fetchall()}
    if lost := sorted(shown - set(defined) - set(removed)):
        raise dg.Failure(
            f"reports show {', '.join(lost)}, which {_WHERE} no longer defines: bring it back, or, if clients can do"
            " without it, list it there under removed_metrics",
            allow_retries=False,
        )


def _meta(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    node = next(node for node in manifest["nodes"].values() if node["name"] == "metric_definitions")
    meta: Mapping[str, Any] = node["config"]["meta"]
    return meta
