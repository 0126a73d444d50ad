"""The one query builder: sums and counts over the published tables, grouped and filtered.

Every number of every report comes from `grouped()`. A request's values are always bound, never written into
the SQL; names come from the registry and from dbt's definitions alone.
"""

import itertools
from collections.abc import Iterator, Sequence

from api.reports.customers import count_customers, keeps_customers
from api.reports.metrics import Metric
from api.reports.query import Shape
from api.reports.rollups import Rollup
from api.reports.scope import END, FIRST, LAST, Grouping, bucket, group_by, scope
from api.reports.window import Granularity


def grouped(shape: Shape, grouping: Grouping, metrics: Sequence[Metric]) -> str:
    """Return SQL for one row per group: its key columns, `events`, and each metric, unrounded in minor units.

    Args:
        shape: of the request.
        grouping: what there is a row for; a group without anything has none.
        metrics: additive, state and distinct ones; ratios are computed from these afterwards.
    """
    summed = {metric.name for metric in metrics if metric.kind in ("additive", "state")}
    if grouping.is_of_one(shape):
        summed |= {metric.name for metric in metrics if metric.counts_orders_of_a_day}
    sums = [metric for metric in metrics if metric.name in summed]
    counts = [metric for metric in metrics if metric.name not in summed]
    joined = "".join(
        f" left join ({statement}) as counted_{number} {_by(grouping)}"
        for number, statement in enumerate(_counts(shape, grouping, counts))
    )
    rows = _sums(shape, grouping, sums)
    if grouping.is_series:
        return _accumulated(shape, metrics, rows, joined)
    if not joined:
        return rows
    shown = ", ".join([*grouping.keys, "events", *(metric.name for metric in metrics)])
    return f"select {shown} from ({rows}) as summed{joined}"


def _by(grouping: Grouping) -> str:
    return f"using ({', '.join(grouping.keys)})" if grouping.keys else "on true"


def _sums(shape: Shape, grouping: Grouping, metrics: Sequence[Metric]) -> str:
    """Sum flows over the window and states from the beginning. What is before the window has no bucket of its own."""
    rollup = grouping.rollup(shape)
    has_history = any(metric.kind == "state" for metric in metrics)
    columns = {"events": "events"}
    columns |= {metric.name: metric.name if metric.kind == "distinct" else metric.column for metric in metrics}
    states = {metric.name for metric in metrics if metric.kind == "state"}
    read = [*dict.fromkeys([*(grouping.dimensions), "starts_on", *columns.values()])]
    keys = list(grouping.key_expressions)
    if grouping.is_series:
        keys.insert(0, "bucket")

    def read_from(granularity: Granularity, rows: str) -> str:
        # a period that is no day is a bucket by itself, or lies before them all
        start = bucket(shape, "starts_on") if granularity == "day" else "starts_on"
        buckets = [f"case when starts_on >= {FIRST} then {start} end as bucket"] if grouping.is_series else []
        return f"select {', '.join([*read, *buckets])} from {rollup.table(granularity)} where {scope(shape)} and {rows}"

    tables = " union all ".join(itertools.starmap(read_from, _cover(shape, rollup, grouping, has_history).items()))
    in_window = f" filter (where starts_on >= {FIRST})" if has_history and not grouping.is_series else ""
    sums = [f"sum({column}){'' if name in states else in_window} as {name}" for name, column in columns.items()]
    return f"select {', '.join([*keys, *sums])} from ({tables}) as periods{group_by(len(keys))}"


def _cover(shape: Shape, rollup: Rollup, grouping: Grouping, has_history: bool) -> dict[Granularity, str]:
    """Return which rows of which tables hold the window's days, and with history all days before it, each day once.

    The largest periods are taken; none of a series straddles two buckets.
    """
    size = shape.granularity if grouping.is_series else "month"
    before = "starts_on < {window.month:date}"
    has_months = has_history and "month" in rollup.kept
    if size == "day" or size not in rollup.kept:
        since = FIRST if not has_history else "{window.month:date}" if has_months else "'-infinity'"
        rows: dict[Granularity, str] = {"day": f"starts_on >= {since} and starts_on < {END}"}
    else:
        whole, end = f"starts_on >= {{window.{size}s.first:date}}", f"starts_on < {{window.{size}s.end:date}}"
        days = "edge_days_of_history" if has_history else "edge_days"
        rows = {"day": f"starts_on = any({{window.{size}s.{days}:date[]}})", size: f"{end} and {whole}"}
        if has_months and size == "month":
            rows["month"] = f"{end} and ({before} or {whole})"
    if has_months:
        rows.setdefault("month", before)
    return rows


def _counts(shape: Shape, grouping: Grouping, counts: Sequence[Metric]) -> Iterator[str]:
    """Yield statements that count entities once in each group, as numbers like sums; none is ever a sum of counts."""
    by_orders = []
    for metric in counts:
        if keeps_customers(shape, grouping, metric):
            yield count_customers(shape, grouping, metric.name)
        else:
            by_orders.append(metric)
    for day in sorted({metric.day for metric in by_orders if metric.day}):
        keys = list(grouping.key_expressions)
        if grouping.is_series:
            keys.insert(0, f"{bucket(shape, day)} as bucket")
        values = [f"count(distinct {one.entity})::numeric as {one.name}" for one in by_orders if one.day == day]
        yield (
            f"select {', '.join([*keys, *values])} from reports.fct_order_variants"
            f" where {scope(shape, currency=False)} and {day} >= {FIRST} and {day} < {END}{group_by(len(keys))}"
        )


def _accumulated(shape: Shape, metrics: Sequence[Metric], sums: str, counts: str) -> str:
    """Add up the states' steps bucket by bucket, over all buckets of the window.

    Joined to every bucket, so that one without rows still shows the state that it inherits.
    """
    size = shape.granularity
    columns = ["bucket", f"(bucket + interval '1 {size}')::date as bucket_end", "coalesce(events, 0) as events"]
    for metric in metrics:
        if metric.kind == "state":
            columns.append(
                f"coalesce((select sum({metric.name}) from steps where bucket is null), 0)"
                f" + sum(coalesce({metric.name}, 0)) over (order by bucket rows unbounded preceding) as {metric.name}"
            )
        else:
            columns.append(f"coalesce({metric.name}, 0) as {metric.name}")
    return (
        f"with steps as ({sums}), labels as (select generate_series("
        f"date_trunc('{size}', {FIRST}::timestamp), {LAST}::timestamp, interval '1 {size}')::date as bucket)"
        f" select {', '.join(columns)} from labels left join steps using (bucket){counts}"
    )
