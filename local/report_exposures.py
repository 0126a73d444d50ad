"""`make docs`: dbt's exposures, one for each report of the registry, with the models that its statements read."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any
from uuid import UUID

import yaml

from api.reports.metrics import Metrics
from api.reports.missing_rates import missing_rate_statement
from api.reports.published import build_expression, offers_expression
from api.reports.query import Filters, ReportQuery, Shop
from api.reports.registry import REPORTS
from api.reports.report import Report
from api.reports.scope import FILTER_COLUMNS, Arguments
from api.reports.window import GRANULARITIES, Window
from local.metric_pages import MODELS, defined_metrics

EXPOSURES = MODELS / "exposures.yml"
_GENERATED = "# Written by `make docs` from the reports of api/reports/registry.py: edit that.\n"
_URL = "{{ env_var('PREORDERS_API_URL', 'http://127.0.0.1:15440') }}/docs"
_OWNER = {"name": "Data team", "email": "data@preorders.example"}
_PUBLISHED_TABLE = re.compile(r"\breports\.(\w+)")
# whole months behind and before parts of such, whole ones alone, and some days
_WINDOWS = (
    Window(date(2024, 1, 17), date(2025, 6, 12)),
    Window(date(2025, 1, 1), date(2025, 3, 31)),
    Window(date(2025, 1, 14), date(2025, 1, 15)),
)
_SHOP = Shop(UUID(int=0), "EUR", "UTC", {"EUR": 2}, date(2026, 1, 1))


def main() -> None:
    """Write the exposures."""
    EXPOSURES.write_text(exposures())


def exposures() -> str:
    """Return the file's text."""
    metrics = defined_metrics()
    told = [_exposure(report, metrics) for report in REPORTS.values()]
    text: str = yaml.safe_dump({"exposures": told}, sort_keys=False, width=1000)
    return _GENERATED + text


def _exposure(report: Report, metrics: Metrics) -> dict[str, Any]:
    return {
        "name": report.name,
        "label": report.name,
        "type": "application",
        "description": report.description,
        "url": _URL,
        "owner": dict(_OWNER),
        "depends_on": [f"ref('{model}')" for model in _models_read(report, metrics)],
    }


def _models_read(report: Report, metrics: Metrics) -> list[str]:
    models = {file.stem for file in MODELS.rglob("*.sql")}
    read = {"metric_definitions"}  # by which every request is resolved
    for statement in _statements(report, metrics):
        read.update(_PUBLISHED_TABLE.findall(statement))
    return sorted(read & models)  # who builds what is in no model


def _statements(report: Report, metrics: Metrics) -> Iterator[str]:
    for query in _queries(report, metrics):
        arguments = Arguments()
        yield build_expression(query.shop.shop_id, arguments)
        yield offers_expression(query.shop.shop_id, query.filters.offer_ids, arguments)
        yield missing_rate_statement(report.blocks, query, arguments) or ""
        for block in report.blocks:
            yield block.statement(query, arguments)


def _queries(report: Report, metrics: Metrics) -> Iterator[ReportQuery]:
    granularities = GRANULARITIES if report.has_series else GRANULARITIES[:1]
    for window, granularity, filters in product(_WINDOWS, granularities, _filters(report)):
        yield ReportQuery(_SHOP, metrics, window, _SHOP.currency, filters, granularity)


def _filters(report: Report) -> Iterator[Filters]:
    accepted = {parameter.name for parameter in report.parameters}
    named: tuple[tuple[UUID, ...], ...] = ((), (UUID(int=1),))
    others = ([None, 1] if name in accepted else [None] for name in FILTER_COLUMNS)
    for offers, (product_id, variant_id, market_id) in product(
        named if "offer_id" in accepted else ((),), product(*others)
    ):
        yield Filters(offers, product_id, variant_id, market_id)


if __name__ == "__main__":
    main()
