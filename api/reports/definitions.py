"""What each metric means, from its one definition: for `/preorders/reports/definitions` and for docs/metrics."""

from typing import Any

from api.reports.blocks import Block
from api.reports.customers import TABLES as CUSTOMER_TABLES
from api.reports.metrics import Metric, Metrics
from api.reports.registry import REPORTS
from api.reports.rollups import choose_rollup


def definitions(metrics: Metrics) -> list[dict[str, Any]]:
    """Return what every metric means, in the order in which reports show them."""
    return [_definition(metric, metrics) for metric in metrics.by_name.values()]


def _definition(metric: Metric, metrics: Metrics) -> dict[str, Any]:
    return {
        "metric": metric.name,
        "description": metric.description,
        "unit": metric.unit,
        "kind": metric.kind,
        "formula": metric.formula,
        "date_rule": metric.date_rule,
        "currency_rule": metric.currency_rule,
        "adds_over": list(metric.adds_over),
        "reports": [
            report.name for report in REPORTS.values() if any(_shows(block, metric) for block in report.blocks)
        ],
        "models": _models(metric, metrics),
    }


def _shows(block: Block, metric: Metric) -> bool:
    return block.metrics is None or metric.name in block.metrics


def _models(metric: Metric, metrics: Metrics) -> list[str]:
    """Return the dbt models behind a metric: the ledger, and what reports read to show it or its parts."""
    parts = metrics.needed_for([metric.name])
    blocks = [block for report in REPORTS.values() for block in report.blocks if _shows(block, metric)]
    tables: list[str] = []
    if any(part.kind == "distinct" for part in parts):
        tables.append("reports.fct_order_variants")
    if any(part.entity == "customer_id" for part in parts):
        tables += CUSTOMER_TABLES
    if any(part.kind in ("additive", "state") for part in parts):
        rollups = (choose_rollup(block.grouping.dimensions) for block in blocks)
        tables += [table for rollup in rollups for table in rollup.tables]
    return ["fct_ledger", *dict.fromkeys(table.removeprefix("reports.") for table in tables)]
