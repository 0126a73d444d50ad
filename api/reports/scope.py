"""What a statement is about: the conditions of its scope, what there is a row for, and its values, bound by name."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from string import Formatter
from typing import Any

from api.reports.query import Shape
from api.reports.rollups import Rollup, choose_rollup

# Values of a request, wherever SQL is written: `{name:type}` stands for an attribute of `ReportQuery`.
SHOP = "{shop_id:uuid}"
FIRST, LAST, END = "{window.first:date}", "{window.last:date}", "{window.end:date}"


@dataclass(frozen=True)
class Statement:
    """SQL with a placeholder for each value, made once for all requests of a shape.

    Attributes:
        text: with `$1`, `$2` and so on.
        names: attributes of a `ReportQuery`, in the order of their placeholders.
    """

    text: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, sql: str) -> "Statement":
        """Return the statement for SQL in which `{name:type}` stands for a value."""
        placeholders: dict[tuple[str, str], str] = {}
        parts = []
        for literal, name, sql_type, _ in Formatter().parse(sql):
            parts.append(literal)
            if name is not None:
                parts.append(placeholders.setdefault((name, sql_type or ""), f"${len(placeholders) + 1}::{sql_type}"))
        return cls("".join(parts), tuple(name for name, _ in placeholders))

    def values(self, source: Any) -> list[Any]:
        """Return a request's values, in the order of their placeholders."""
        return [value_of(source) for value_of in self._getters]

    @cached_property
    def _getters(self) -> list[Callable[[Any], Any]]:
        return [attrgetter(name) for name in self.names]


@dataclass(frozen=True)
class Grouping:
    """What a block has one row for.

    Attributes:
        columns: of the rollup; none for totals.
        is_series: one row for each of the window's buckets besides.
        expression: instead of a column, an SQL expression over `expression_of`; its name is the only one of `columns`.
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

    @property
    def key_expressions(self) -> tuple[str, ...]:
        """SQL for the columns of a row's key, but for the bucket."""
        return self.columns if self.expression is None else (f"{self.expression} as {self.columns[0]}",)

    def rollup(self, shape: Shape) -> Rollup:
        """Return the rollup that answers a request."""
        return choose_rollup(self.dimensions | shape.filtered)

    def is_of_one(self, shape: Shape) -> bool:
        """Whether each row is about one row of the rollup's dimensions, such as one offer: of these, orders are kept.

        Counts of several don't add up: an order can hold more than one.
        """
        single = {*self.columns, *shape.columns_filtered, *(("offer_id",) if shape.has_offer else ())}
        rollup = self.rollup(shape)
        return rollup.counts_orders and rollup.dimensions <= single


def scope(shape: Shape, prefix: str = "", currency: bool = True) -> str:
    """Return the conditions that every published table of lines is read with: shop, currency, filters."""
    conditions = [f"{prefix}shop_id = {SHOP}"]
    if currency:
        conditions.append(f"{prefix}currency = {{currency:text}}")
    if shape.has_offer:
        conditions.append(f"{prefix}offer_id = {{offer_id:uuid}}")
    if shape.has_offers:
        conditions.append(f"{prefix}offer_id = any({{offer_ids:uuid[]}})")
    conditions += [f"{prefix}{column} = {{filters.{column}:bigint}}" for column in shape.columns_filtered]
    if shape.among:
        conditions.append(shape.among)
    return " and ".join(conditions)


def bucket(shape: Shape, column: str) -> str:
    """Return SQL for the first day of a day's bucket. As a timestamp: a date would be cut in the session's timezone."""
    return column if shape.granularity == "day" else f"date_trunc('{shape.granularity}', {column}::timestamp)::date"


def group_by(keys: int) -> str:
    """Return the clause that groups by the first so many columns."""
    return f" group by {', '.join(str(position + 1) for position in range(keys))}" if keys else ""
