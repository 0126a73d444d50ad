"""Customers of a window, counted from published tables that add up (dbt: fct_customer_days).

Kept are each customer's days with an order, with the customer's day before. A window's customers are the days in it
whose previous day lies before the window, or is none. Days are counted by month of the day and of the previous day, and
finer at the window's edges; single days are looked at only where both lie near an edge. Kept for the whole shop, each
offer, each product and each variant of an offer: other scopes are counted from the orders themselves.
"""

from collections.abc import Callable, Iterator

from api.reports.metrics import Metric
from api.reports.query import Shape
from api.reports.scope import END, FIRST, Grouping, bucket, group_by, scope

_COUNTED = "reports.rollup_customer_gaps"
_DAYS = "reports.fct_customer_days"

# What customers are counted for (dbt: counted_for), by the columns that say which one.
_COUNTED_FOR = {
    frozenset[str](): "shop",
    frozenset({"offer_id"}): "offer",
    frozenset({"product_id"}): "product",
    frozenset({"offer_id", "variant_id"}): "variant",
}

# Makes a select of its number of customers, table, condition and bucket.
Read = Callable[[str, str, str, str], str]


def keeps_customers(shape: Shape, grouping: Grouping, metric: Metric) -> bool:
    """Whether a metric counts customers, by the day of the order, and each row's are kept."""
    is_kept = grouping.dimensions | shape.filtered in _COUNTED_FOR and grouping.is_of_one(shape)
    return is_kept and (metric.entity, metric.day) == ("customer_id", "placed_on")


def count_customers(shape: Shape, grouping: Grouping, name: str) -> str:
    """Return SQL for the customers of each group, under a name: of what each row is about, which must be kept."""
    kept = [scope(shape, currency=False)]
    for column in ("offer_id", "product_id", "variant_id"):
        if column not in shape.filtered:  # null stands for any
            kept.append(f"{column} is {'not ' if column in grouping.columns else ''}null")
    counted_for = _COUNTED_FOR[grouping.dimensions | shape.filtered]

    def read(entries: str, table: str, where: str, bucket: str) -> str:
        keys = [f"{bucket} as bucket"] if grouping.is_series else []
        columns = ", ".join([*keys, *grouping.columns, f"{entries} as entries"])
        if table == _COUNTED:
            where = f"counted_for = '{counted_for}' and {where}"
        return f"select {columns} from {table} where {' and '.join([*kept, where])}"

    parts = _of_buckets(shape, read) if grouping.is_series else _of_window(read)
    shown = ", ".join([*grouping.keys, f"sum(entries) as {name}"])
    return f"select {shown} from ({' union all '.join(parts)}) as counted{group_by(len(grouping.keys))}"


def _of_buckets(shape: Shape, read: Read) -> Iterator[str]:
    """Yield statements for whole buckets, whose customers are kept, and for those that the window cuts."""
    size = shape.granularity
    first, end = FIRST, END
    if size != "day":
        first, end = f"{{window.{size}s.first:date}}", f"{{window.{size}s.end:date}}"
        for edge, label in (("head", bucket(shape, FIRST)), ("tail", end)):
            window = f"window.{size}s.{edge}"
            yield from _of_days(read, f"between {{{window}.first:date}} and {{{window}.last:date}}", window, label)
    whole = f"placed_by = '{size}' and previous_by = 'any' and placed_in >= {first} and placed_in < {end}"
    yield read("entries", _COUNTED, whole, "placed_in")


def _of_window(read: Read) -> Iterator[str]:
    """Yield statements for the days in the window whose previous day, if any, lies before it."""
    months = "placed_by = 'month' and placed_in >= {window.months.first:date} and placed_in < {window.months.end:date}"
    yield read("entries", _COUNTED, f"{months} and previous_by = 'month' and {_earlier('window')}", "")
    yield read("entries", _COUNTED, f"{months} and previous_by = 'day' and {_just_before('previous_in', 'window')}", "")
    yield from _of_days(read, "= any({window.months.edge_days:date[]})", "window", "")


def _of_days(read: Read, days: str, window: str, label: str) -> Iterator[str]:
    """Yield statements for days, in no whole month, of a window."""
    counted = f"placed_by = 'day' and previous_by = 'month' and placed_in {days} and {_earlier(window)}"
    yield read("entries", _COUNTED, counted, label)
    yield read("1", _DAYS, f"placed_on {days} and {_just_before('previous_on', window)}", label)


def _earlier(window: str) -> str:
    """Return a condition: the previous day, if any, lies in a month before the one that the window begins in."""
    return f"(previous_in is null or previous_in < {{{window}.month:date}})"


def _just_before(column: str, window: str) -> str:
    """Return a condition: the previous day lies in that month, before the window."""
    return f"{column} >= {{{window}.month:date}} and {column} < {{{window}.first:date}}"
