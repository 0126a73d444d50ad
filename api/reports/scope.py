"""What a statement is about: its bound values, the scope of the request, and what there is a row for."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from api.reports.query import ReportQuery
from api.reports.rollups import Rollup, choose_rollup

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
        expression: instead of a column, an SQL expression over `expression_of`, in which `{last_day}` stands for the
            window's last day; its name is the only one of `columns`.
        expression_of: the rollup's column that the expression is over.
    """

    columns: tuple[str, ...] = ()
    is_series: bool = False
    expression: str | None = None
    expression_of: str | None = None

    @property
    def dimensions(self) -> frozenset[str]:
        """The rollup's columns that are needed."""
        return frozenset(self.columns if self.expression_of is None else (self.expression_of,))

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the key columns of a row."""
        return (("bucket",) if self.is_series else ()) + self.columns

    def rollup(self, query: ReportQuery) -> Rollup:
        """Return the rollup that answers a query."""
        filtered = {name for name in FILTER_COLUMNS if getattr(query.filters, name) is not None}
        return choose_rollup(self.dimensions | filtered | ({"offer_id"} if query.filters.offer_ids else set()))

    def is_of_one(self, query: ReportQuery) -> bool:
        """Whether each row is about the whole shop, one offer or one product: of these, orders and customers are kept.

        Counts of several don't add up: an order can hold more than one.
        """
        single = {*self.columns, *(() if len(query.filters.offer_ids) > 1 else ("offer_id",)), *FILTER_COLUMNS}
        rollup = self.rollup(query)
        return rollup.counts_orders and rollup.dimensions <= single


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
    if query.among:
        conditions.append(query.among)
    return " and ".join(conditions)


def bucket(query: ReportQuery, column: str) -> str:
    """Return SQL for the first day of a day's bucket. As a timestamp: a date would be cut in the session's timezone."""
    return column if query.granularity == "day" else f"date_trunc('{query.granularity}', {column}::timestamp)::date"


def group_by(keys: int) -> str:
    """Return the clause that groups by the first so many columns."""
    return f" group by {', '.join(str(position + 1) for position in range(keys))}" if keys else ""
