"""Customers of a window, counted from published tables that add up (dbt: fct_customer_days).

Kept are each customer's days with an order, with the customer's day before. A window's customers are the days in it
whose previous day lies before the window, or is none. Days are counted by month of the day and of the previous day, and
finer at the window's edges; single days are looked at only where both lie near an edge. Kept for the whole shop and for
each offer and product: other scopes are counted from the orders themselves.
"""

from collections.abc import Callable, Iterator
from datetime import date

from api.reports.metrics import Metric
from api.reports.query import ReportQuery
from api.reports.scope import Arguments, Grouping, group_by, scope
from api.reports.window import Window, edge_buckets, next_period, period_start

_COUNTED = "reports.rollup_customers_returning"
_DAYS = "reports.fct_customer_days"
TABLES = (_COUNTED, _DAYS)

# Makes a select of its key for the bucket, its number, its table and its condition.
Select = Callable[[str, str, str, str], str]


def keeps_customers(query: ReportQuery, grouping: Grouping, metric: Metric) -> bool:
    """Whether a metric counts customers, by the day of the order, and each row's are kept."""
    return (metric.entity, metric.day) == ("customer_id", "placed_on") and grouping.is_of_one(query)


def count_customers(query: ReportQuery, grouping: Grouping, columns: list[str], arguments: Arguments) -> str:
    """Return SQL for the customers of each group.

    Args:
        query: the request.
        grouping: of the whole shop, single offers or single products, by bucket or not.
        columns: what is selected behind the keys, in which `{customers}` stands for the number.
        arguments: receives the bound values.
    """
    kept = [scope(query, arguments, currency=False)]
    for column, is_filtered in (
        ("offer_id", bool(query.filters.offer_ids)),
        ("product_id", query.filters.product_id is not None),
    ):
        if not is_filtered:  # null stands for any
            kept.append(f"{column} is {'not ' if column in grouping.columns else ''}null")

    def select(bucket: str, number: str, table: str, where: str) -> str:
        keys = [f"{bucket} as bucket"] if grouping.is_series else []
        keys += grouping.columns
        shown = ", ".join([*keys, f"{number} as customers"])
        return f"select {shown} from {table} where {' and '.join([*kept, where])}{group_by(len(keys))}"

    if grouping.is_series:
        counts = _of_buckets(query, select, arguments)
    else:
        counts = _of_window(query.window, "null", select, arguments)
    shown = ", ".join([*grouping.keys, *columns]).format(customers="sum(customers)")
    return f"select {shown} from ({' union all '.join(counts)}) as counts{group_by(len(grouping.keys))}"


def _of_buckets(query: ReportQuery, select: Select, arguments: Arguments) -> Iterator[str]:
    """Yield statements for whole buckets, whose customers are kept, and for those that the window cuts."""
    whole, edges = edge_buckets(query.window, query.granularity)
    if whole is not None:
        first, end = arguments.bind(whole.first, "date"), arguments.bind(whole.end, "date")
        yield select(
            "placed_in",
            "sum(entries)",
            _COUNTED,
            f"placed_by = '{query.granularity}' and previous_by = 'any' and placed_in >= {first} and placed_in < {end}",
        )
    for edge in edges:
        label = arguments.bind(period_start(edge.first, query.granularity), "date")
        yield from _of_window(edge, label, select, arguments)


def _of_window(window: Window, label: str, select: Select, arguments: Arguments) -> Iterator[str]:
    """Yield statements for the days in a window whose previous day, if any, lies before it."""
    month = period_start(window.first, "month")
    middle = month if month == window.first else next_period(month, "month")
    tail = max(period_start(window.end, "month"), middle)

    def bind(day: date) -> str:
        return arguments.bind(day, "date")

    def days(column: str, first: date, end: date) -> str:
        return f"{column} >= {bind(first)} and {column} < {bind(end)}"

    edges = [(window.first, min(middle, window.end)), (tail, window.end)]
    edges = [(first, end) for first, end in edges if first < end]
    # the previous day lies in a month before the window's first
    earlier = f"(previous_in is null or previous_in < {bind(month)})"
    if middle < tail:
        where = f"placed_by = 'month' and previous_by = 'month' and {days('placed_in', middle, tail)} and {earlier}"
        yield select(label, "sum(entries)", _COUNTED, where)
    for first, end in edges:
        where = f"placed_by = 'day' and previous_by = 'month' and {days('placed_in', first, end)} and {earlier}"
        yield select(label, "sum(entries)", _COUNTED, where)
    if month == window.first:
        return
    # it lies in that month, before the window
    if middle < tail:
        where = (
            f"placed_by = 'month' and previous_by = 'day' and {days('placed_in', middle, tail)}"
            f" and {days('previous_in', month, window.first)}"
        )
        yield select(label, "sum(entries)", _COUNTED, where)
    for first, end in edges:
        where = f"{days('previous_on', month, window.first)} and {days('placed_on', first, end)}"
        yield select(label, "count(*)", _DAYS, where)
