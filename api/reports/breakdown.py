"""The one query builder: sums and counts over the published tables, grouped and filtered.

Every number of every report comes from `grouped()`. A request's values are always bound, never written into
the SQL; names come from the registry and from dbt's definitions alone.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from api.reports.metrics import Metric
from api.reports.query import ReportQuery
from api.reports.rollups import Rollup
from api.reports.window import Span, cover, cover_until

FILTER_COLUMNS = ("product_id", "variant_id", "market_id")


class Arguments:
    """Values bound to a statement, each once, in the order of their placeholders."""

    def __init__(self) -> None:
        self._placeholders: dict[tuple[str, Hashable], str] = {}

    @property
    def values(self) -> list[Any]:
        """The values of all placeholders."""
        return [value for _, value in self._placeholders]

    def bind(self, value: Hashable, sql_type: str) -> str:
        """Return the placeholder of a value."""
        placeholder = f"${len(self._placeholders) + 1}::{sql_type}"
        return self._placeholders.setdefault((sql_type, value), placeholder)


@dataclass(frozen=True)
class Grouping:
    """What a block has one row for.

    Attributes:
        columns: of the rollup; none for totals.
        is_series: one row for each of the window's buckets besides.
        expression: instead of a column, an SQL expression over the rollup, in which `{last_day}` stands for
            the window's last day; its name is the only one of `columns`.
    """

    columns: tuple[str, ...] = ()
    is_series: bool = False
    expression: str | None = None


def scope(query: ReportQuery, arguments: Arguments, prefix: str = "", currency: bool = True) -> str:
    """Return the conditions that every published table of lines is read with: shop, currency, filters."""
    conditions = [f"{prefix}shop_id = {arguments.bind(query.shop.shop_id, 'uuid')}"]
    if currency:
        conditions.append(f"{prefix}currency = {arguments.bind(query.currency, 'text')}")
    if query.filters.offer_ids:
        conditions.append(f"{prefix}offer_id = any({arguments.bind(query.filters.offer_ids, 'uuid[]')})")
    for column in FILTER_COLUMNS:
        if (value := getattr(query.filters, column)) is not None:
            conditions.append(f"{prefix}{column} = {arguments.bind(value, 'bigint')}")
    return " and ".join(conditions)


def grouped(
    query: ReportQuery, rollup: Rollup, grouping: Grouping, metrics: Sequence[Metric], arguments: Arguments
) -> str:
    """Return SQL for one row per group: its key columns, `events`, and each metric, unrounded in minor units.

    Args:
        query: the request.
        rollup: the tables that hold the sums.
        grouping: what there is a row for; a group without anything has none.
        metrics: additive, state and distinct ones; ratios are computed from these afterwards.
        arguments: receives the bound values.
    """
    summed = [metric for metric in metrics if metric.is_summed]
    states = [metric for metric in summed if metric.kind == "state"]
    distinct = [metric for metric in metrics if metric.kind == "distinct"]
    parts = [
        _sums(query, rollup, grouping, span, metrics, summed, arguments)
        for span in cover(query.window, rollup.kept, query.granularity if grouping.is_series else None)
    ]
    if states:
        # a state is all steps from the beginning: those before the window, and those of the window's own sums
        parts += [
            _sums(query, rollup, grouping, span, metrics, states, arguments, is_opening=True)
            for span in cover_until(query.window.first, rollup.kept)
        ]
    for day in sorted({metric.day for metric in distinct if metric.day}):
        counted = [metric for metric in distinct if metric.day == day]
        parts.append(_counts(query, grouping, day, metrics, counted, arguments))
    keys = _key_names(grouping)
    columns = [*keys, "sum(events) as events", *(f"sum({metric.name}) as {metric.name}" for metric in metrics)]
    group_by = f" group by {', '.join(keys)}" if keys else ""
    summary = f"select {', '.join(columns)} from ({' union all '.join(parts)}) as parts{group_by}"
    return _accumulated(query, grouping, metrics, summary, arguments) if grouping.is_series else summary


def _key_names(grouping: Grouping) -> list[str]:
    return (["bucket"] if grouping.is_series else []) + list(grouping.columns)


def _sums(
    query: ReportQuery,
    rollup: Rollup,
    grouping: Grouping,
    span: Span,
    metrics: Sequence[Metric],
    summed: Sequence[Metric],
    arguments: Arguments,
    is_opening: bool = False,
) -> str:
    keys = []
    if grouping.is_series:
        # what was there before the window has no bucket of its own: every bucket builds upon it
        keys.append("null::date as bucket" if is_opening else f"{_bucket(query, 'starts_on')} as bucket")
    keys += _key_expressions(query, grouping, arguments)
    values = ["0" if is_opening else "sum(events)"]
    values += [f"sum({metric.column})" if metric in summed else "0" for metric in metrics]
    names = ["events", *(metric.name for metric in metrics)]
    columns = [*keys, *(f"{value} as {name}" for value, name in zip(values, names, strict=True))]
    conditions = [scope(query, arguments), f"starts_on < {arguments.bind(span.end, 'date')}"]
    if span.first is not None:
        conditions.append(f"starts_on >= {arguments.bind(span.first, 'date')}")
    return (
        f"select {', '.join(columns)} from {rollup.table(span.granularity)}"
        f" where {' and '.join(conditions)}{_group_by(len(keys))}"
    )


def _counts(
    query: ReportQuery,
    grouping: Grouping,
    day: str,
    metrics: Sequence[Metric],
    counted: Sequence[Metric],
    arguments: Arguments,
) -> str:
    """Count entities once in each group; nothing here is ever a sum of counts."""
    keys = [f"{_bucket(query, day)} as bucket"] if grouping.is_series else []
    keys += _key_expressions(query, grouping, arguments)
    values = [f"count(distinct {metric.entity})" if metric in counted else "0" for metric in metrics]
    columns = [*keys, "0 as events", *(f"{v} as {m.name}" for v, m in zip(values, metrics, strict=True))]
    first, end = arguments.bind(query.window.first, "date"), arguments.bind(query.window.end, "date")
    return (
        f"select {', '.join(columns)} from reports.fct_order_variants"
        f" where {scope(query, arguments, currency=False)} and {day} >= {first} and {day} < {end}"
        f"{_group_by(len(keys))}"
    )


def _key_expressions(query: ReportQuery, grouping: Grouping, arguments: Arguments) -> list[str]:
    if grouping.expression is None:
        return list(grouping.columns)
    last_day = arguments.bind(query.window.last, "date")
    return [f"{grouping.expression.format(last_day=last_day)} as {grouping.columns[0]}"]


def _bucket(query: ReportQuery, column: str) -> str:
    # as a timestamp: a date would be cut in the session's timezone
    return column if query.granularity == "day" else f"date_trunc('{query.granularity}', {column}::timestamp)::date"


def _group_by(keys: int) -> str:
    return f" group by {', '.join(str(position + 1) for position in range(keys))}" if keys else ""


def _accumulated(
    query: ReportQuery, grouping: Grouping, metrics: Sequence[Metric], summary: str, arguments: Arguments
) -> str:
    """Add up the states' steps bucket by bucket, over all buckets of the window.

    Joined to every bucket, so that one without rows still shows the state that it inherits.
    """
    running = "over (order by bucket rows unbounded preceding)"
    columns = ["bucket", f"(bucket + interval '1 {query.granularity}')::date as bucket_end"]
    columns.append("coalesce(events, 0) as events")
    for metric in metrics:
        if metric.kind == "state":
            columns.append(
                f"coalesce((select sum({metric.name}) from steps where bucket is null), 0)"
                f" + sum(coalesce({metric.name}, 0)) {running} as {metric.name}"
            )
        else:
            columns.append(f"coalesce({metric.name}, 0) as {metric.name}")
    first = arguments.bind(query.window.first, "date")
    last = arguments.bind(query.window.last, "date")
    labels = (
        f"select generate_series(date_trunc('{query.granularity}', {first}::timestamp), {last}::timestamp,"
        f" interval '1 {query.granularity}')::date as bucket"
    )
    return (
        f"with steps as materialized ({summary}), labels as ({labels})"
        f" select {', '.join(columns)} from labels left join steps using (bucket)"
    )
