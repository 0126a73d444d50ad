"""The one query builder: sums and counts over the published tables, grouped and filtered.

Every number of every report comes from `grouped()`. A request's values are always bound, never written into
the SQL; names come from the registry and from dbt's definitions alone.
"""

from collections.abc import Mapping, Sequence

from api.reports.customers import count_customers, keeps_customers
from api.reports.metrics import Metric
from api.reports.query import ReportQuery
from api.reports.rollups import Rollup
from api.reports.scope import Arguments, Grouping, bucket, group_by, scope
from api.reports.window import Part, cover, cover_until, cover_with_history


def grouped(query: ReportQuery, grouping: Grouping, metrics: Sequence[Metric], arguments: Arguments) -> str:
    """Return SQL for one row per group: its key columns, `events`, and each metric, unrounded in minor units.

    Args:
        query: the request.
        grouping: what there is a row for; a group without anything has none.
        metrics: additive, state and distinct ones; ratios are computed from these afterwards.
        arguments: receives the bound values.
    """
    rollup = grouping.rollup(query)
    states = {metric.name: metric.column for metric in metrics if metric.kind == "state"}
    flows = {metric.name: metric.column for metric in metrics if metric.kind == "additive"}
    if grouping.is_of_one(query):
        flows |= {metric.name: metric.name for metric in metrics if metric.counts_orders_of_a_day}
    parts = [
        _sums(query, rollup, grouping, part, metrics, flows | {"events": "events"}, states, arguments)
        for part in _parts(query, rollup, grouping, has_states=bool(states))
    ]
    counted = [metric for metric in metrics if metric.kind == "distinct" and metric.name not in flows]
    for metric in [metric for metric in counted if keeps_customers(query, grouping, metric)]:
        parts.append(count_customers(query, grouping, _columns(metrics, {metric.name: "{customers}"}), arguments))
        counted.remove(metric)
    for day in sorted({metric.day for metric in counted if metric.day}):
        parts.append(_counts(query, grouping, day, metrics, [one for one in counted if one.day == day], arguments))
    if len(parts) == 1 and not grouping.is_series:
        return parts[0]
    columns = [*grouping.keys, *(f"sum({name}) as {name}" for name in ("events", *(one.name for one in metrics)))]
    by_keys = f" group by {', '.join(grouping.keys)}" if grouping.keys else ""
    summary = f"select {', '.join(columns)} from ({' union all '.join(parts)}) as parts{by_keys}"
    return _accumulated(query, metrics, summary, arguments) if grouping.is_series else summary


def _parts(query: ReportQuery, rollup: Rollup, grouping: Grouping, has_states: bool) -> list[Part]:
    if not grouping.is_series:
        if has_states:
            return cover_with_history(query.window, rollup.kept)
        return [Part(span, span.first, has_states=False) for span in cover(query.window, rollup.kept)]
    spans = cover(query.window, rollup.kept, query.granularity)
    parts = [Part(span, span.first, has_states) for span in spans]
    if has_states:
        # every bucket's state builds upon the one before the window
        parts += [Part(span, None, has_states=True) for span in cover_until(query.window.first, rollup.kept)]
    return parts


def _columns(metrics: Sequence[Metric], values: Mapping[str, str]) -> list[str]:
    """Return the columns of a part behind its keys; what it doesn't tell is 0."""
    return [f"{values.get(name, '0')} as {name}" for name in ("events", *(metric.name for metric in metrics))]


def _sums(
    query: ReportQuery,
    rollup: Rollup,
    grouping: Grouping,
    part: Part,
    metrics: Sequence[Metric],
    flows: Mapping[str, str],
    states: Mapping[str, str],
    arguments: Arguments,
) -> str:
    keys = []
    if grouping.is_series:
        # what was there before the window has no bucket of its own
        keys.append(f"{bucket(query, 'starts_on') if part.flows_from else 'null::date'} as bucket")
    keys += _key_expressions(query, grouping, arguments)
    values = {name: f"sum({column})" for name, column in states.items()} if part.has_states else {}
    if part.flows_from is not None:
        in_window = ""
        if part.flows_from != part.span.first:
            in_window = f" filter (where starts_on >= {arguments.bind(part.flows_from, 'date')})"
        values |= {name: f"sum({column}){in_window}" for name, column in flows.items()}
    conditions = [scope(query, arguments), f"starts_on < {arguments.bind(part.span.end, 'date')}"]
    if part.span.first is not None:
        conditions.append(f"starts_on >= {arguments.bind(part.span.first, 'date')}")
    return (
        f"select {', '.join([*keys, *_columns(metrics, values)])} from {rollup.table(part.span.granularity)}"
        f" where {' and '.join(conditions)}{group_by(len(keys))}"
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
    keys = [f"{bucket(query, day)} as bucket"] if grouping.is_series else []
    keys += _key_expressions(query, grouping, arguments)
    values = {metric.name: f"count(distinct {metric.entity})" for metric in counted}
    first, end = arguments.bind(query.window.first, "date"), arguments.bind(query.window.end, "date")
    return (
        f"select {', '.join([*keys, *_columns(metrics, values)])} from reports.fct_order_variants"
        f" where {scope(query, arguments, currency=False)} and {day} >= {first} and {day} < {end}"
        f"{group_by(len(keys))}"
    )


def _key_expressions(query: ReportQuery, grouping: Grouping, arguments: Arguments) -> list[str]:
    if grouping.expression is None:
        return list(grouping.columns)
    last_day = arguments.bind(query.window.last, "date")
    return [f"{grouping.expression.format(last_day=last_day)} as {grouping.columns[0]}"]


def _accumulated(query: ReportQuery, metrics: Sequence[Metric], summary: str, arguments: Arguments) -> str:
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
