"""What each metric means, from its one definition: for `/preorders/reports/definitions` and for docs/metrics."""

from functools import lru_cache
from typing import Any

from api.reports.metrics import Metric, Metrics
from api.reports.registry import REPORTS
from api.reports.tables import tables_of_metric


@lru_cache(maxsize=2)  # the models are found in hundreds of statements
def definitions(metrics: Metrics) -> list[dict[str, Any]]:
    """Return what every metric means, in the order in which reports show them."""
    return [_definition(metric, metrics) for metric in metrics.by_name.values()]


def _definition(metric: Metric, metrics: Metrics) -> dict[str, Any]:
    reports = [report.name for report in REPORTS.values() if any(block.may_show(metric) for block in report.blocks)]
    return {
        "metric": metric.name,
        "description": metric.description,
        "unit": metric.unit,
        "kind": metric.kind,
        "formula": metric.formula,
        "date_rule": metric.date_rule,
        "currency_rule": metric.currency_rule,
        "adds_over": list(metric.adds_over),
        "reports": reports,
        "models": ["fct_ledger", *sorted(tables_of_metric(metric, metrics))],
    }
