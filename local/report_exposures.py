"""`make docs`: dbt's exposures, one for each report of the registry, with the models that its statements read."""

import re
from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import yaml

from api.reports.metrics import Metrics
from api.reports.missing_rates import missing_rate_statement
from api.reports.published import BUILD_EXPRESSION, OFFERS_EXPRESSION
from api.reports.query import FILTER_COLUMNS, Shape
from api.reports.registry import REPORTS
from api.reports.report import Report
from api.reports.window import GRANULARITIES
from local.metric_pages import MODELS, defined_metrics

EXPOSURES = MODELS / "exposures.yml"
_GENERATED = "# Written by `make docs` from the reports of api/reports/registry.py: edit that.\n"
_URL = "{{ env_var('PREORDERS_API_URL', 'http://127.0.0.1:15440') }}/docs"
_OWNER = {"name": "Data team", "email": "data@preorders.example"}
_PUBLISHED_TABLE = re.compile(r"\breports\.(\w+)")


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
    yield from (BUILD_EXPRESSION, OFFERS_EXPRESSION)
    for shape in _shapes(report, metrics):
        yield missing_rate_statement(report.blocks, shape) or ""
        for block in report.blocks:
            yield block.statement(shape)


def _shapes(report: Report, metrics: Metrics) -> Iterator[Shape]:
    accepted = {parameter.name for parameter in report.parameters}
    offers = (False, True) if "offer_id" in accepted else (False,)
    columns = [column for column in FILTER_COLUMNS if column in accepted]
    filtered = [chosen for size in range(len(columns) + 1) for chosen in combinations(columns, size)]
    granularities = GRANULARITIES if report.has_series else GRANULARITIES[:1]
    for has_offer, has_offers, columns_filtered, granularity in product(offers, offers, filtered, granularities):
        if not (has_offer and has_offers):
            yield Shape(metrics, has_offer, has_offers, columns_filtered, granularity)


if __name__ == "__main__":
    main()
