"""Which published tables the reports read: found in the statements of every shape that a request can have."""

import re
from collections.abc import Iterator
from itertools import combinations, product

from api.reports.breakdown import grouped
from api.reports.metrics import Metric, Metrics
from api.reports.missing_rates import missing_rate_statement
from api.reports.published import BUILD_EXPRESSION, OFFERS_EXPRESSION
from api.reports.query import FILTER_COLUMNS, Shape
from api.reports.registry import REPORTS
from api.reports.report import Report
from api.reports.window import GRANULARITIES

_PUBLISHED_TABLE = re.compile(r"\breports\.(\w+)")


def tables_of_report(report: Report, metrics: Metrics) -> set[str]:
    """Return the names of all tables that some request for a report reads."""
    statements = [BUILD_EXPRESSION, OFFERS_EXPRESSION]
    for shape in _shapes(report, metrics):
        statements.append(missing_rate_statement(report.blocks, shape) or "")
        statements += [block.statement(shape) for block in report.blocks]
    return set(_PUBLISHED_TABLE.findall(" ".join(statements)))


def tables_of_metric(metric: Metric, metrics: Metrics) -> set[str]:
    """Return the names of all tables that some report sums or counts to show a metric, or the parts of a ratio."""
    parts = metrics.needed_for([metric.name])
    statements = {
        grouped(shape, grouping, parts)
        for report in REPORTS.values()
        for grouping in {block.grouping for block in report.blocks if block.may_show(metric)}
        for shape in _shapes(report, metrics)
    }
    return set(_PUBLISHED_TABLE.findall(" ".join(statements)))


def _shapes(report: Report, metrics: Metrics) -> Iterator[Shape]:
    accepted = {parameter.name for parameter in report.parameters}
    offers = (False, True) if "offer_id" in accepted else (False,)
    columns = [column for column in FILTER_COLUMNS if column in accepted]
    filtered = [chosen for size in range(len(columns) + 1) for chosen in combinations(columns, size)]
    granularities = GRANULARITIES if report.has_series else GRANULARITIES[:1]
    for has_offer, has_offers, columns_filtered, granularity in product(offers, offers, filtered, granularities):
        if not (has_offer and has_offers):
            yield Shape(metrics, has_offer, has_offers, columns_filtered, granularity)
