"""Blocks of a report's answer, such as its totals or its series, and the SQL of each.

One statement a block. It ends with the values as they are shown (money as decimal text, ratios rounded), so
that JSON and CSV cannot differ.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from api.reports.breakdown import grouped
from api.reports.metrics import Metric
from api.reports.query import Shape
from api.reports.scope import Grouping

# A row of a breakdown is shown for an event in the window, or an open line at its end (spec: api.md, Reads).
HAS_ACTIVITY = "(coalesce(grouped.events, 0) > 0 or coalesce(grouped.lines_outstanding, 0) > 0)"

# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), full-width forms too.
_FORMULA_STARTS = r"'=', '+', '-', '@', E'\t', E'\r', E'\n', '＝', '＋', '－', '＠'"

Sources = Callable[[Shape], str]
Replacements = Callable[[Shape], Mapping[str, str]]


@dataclass(frozen=True)
class Column:
    """A column that is no metric.

    Attributes:
        sql: expression over `grouped` and the joined tables.
        type: what it holds; `text` is anybody's free text, the others are made here.
        nullable: whether it may be null.
        description: for people, where its name doesn't say it.
        values: those that it may have, if they are few.
        is_personal: whether it tells who a customer is, which a redaction takes out.
    """

    sql: str
    type: Literal["uuid", "integer", "date", "boolean", "instant", "label", "text"]
    nullable: bool = False
    is_personal: bool = False
    description: str | None = None
    values: tuple[str, ...] = ()

    @property
    def csv_sql(self) -> str:
        """The same value for a CSV: free text made harmless to a spreadsheet, booleans as JSON writes them."""
        if self.type == "text":
            guarded = f"left({self.sql}, 1) in ({_FORMULA_STARTS})"
            return f"case when {guarded} then '''' || {self.sql} else {self.sql} end"
        return f"({self.sql})::text" if self.type == "boolean" else self.sql


@dataclass(frozen=True)
class Block:
    """One part of an answer.

    Attributes:
        key: where it stands in the body.
        rows: for people: what it has a row for, and in which order.
        columns: what a row tells beside metrics.
        trailing_columns: the same, behind the metrics.
        metrics: those shown; None: all, or those that the request chose.
        grouping: what there is a row for.
        joins: SQL that follows `from grouped`.
        shown_if: condition on a row; `hidden` lists metrics that only this or the order needs.
        order: SQL; it must be total.
        limit: most rows.
        paged: whether a read shows the request's page of it; it is ordered by `order_metrics`.
        replaces: metrics that the request wants as another expression over `grouped`.
    """

    key: str
    rows: str = ""
    columns: Mapping[str, Column] = field(default_factory=dict)
    metrics: tuple[str, ...] | None = None
    grouping: Grouping = field(default=Grouping())
    joins: Sources = field(default=lambda shape: "")
    shown_if: str = "true"
    hidden: tuple[str, ...] = ()
    order: str = ""
    limit: int | None = None
    paged: bool = False
    order_metrics: tuple[str, ...] = ()
    trailing_columns: Mapping[str, Column] = field(default_factory=dict)
    replaces: Replacements = field(default=lambda shape: {})

    @property
    def has_rows(self) -> bool:
        """Whether it is a list of rows; else it is one object."""
        return bool(self.grouping.columns) or self.grouping.is_series

    def may_show(self, metric: Metric) -> bool:
        """Whether some request has a row show the metric."""
        return self.metrics is None or metric.name in self.metrics

    def metrics_shown(self, shape: Shape) -> tuple[str, ...]:
        """Return the names of the metrics that a row shows, in order."""
        return self.metrics or shape.chosen_metrics or shape.metrics.names

    def amounts_shown(self, shape: Shape) -> set[str]:
        """Return the metrics in money that the block's numbers depend on."""
        replaced = self.replaces(shape)
        needed = shape.metrics.needed_for([*self.metrics_shown(shape), *self.hidden])
        amounts = {metric.name for metric in needed if metric.unit == "money"}
        sources = {source for name, source in replaced.items() if name in amounts} & shape.metrics.by_name.keys()
        return (amounts - replaced.keys()) | sources

    def statement(self, shape: Shape, as_csv: bool = False) -> str:
        """Return the block's SQL, one row a line of the report, those of all pages.

        Args:
            shape: of the request.
            as_csv: values as a CSV shows them.
        """

        def listed(columns: Mapping[str, Column]) -> list[str]:
            return [f'{column.csv_sql if as_csv else column.sql} as "{name}"' for name, column in columns.items()]

        shown = self.metrics_shown(shape)
        computed = shape.metrics.needed_for([*shown, *self.hidden])
        rows = grouped(shape, self.grouping, computed)
        raw = {metric.name: f"coalesce(grouped.{metric.name}, 0)" for metric in computed}
        raw |= {name: raw.get(value, value) for name, value in self.replaces(shape).items()}
        values = listed(self.columns)
        values += [f'{_shown_value(shape.metrics.by_name[name], raw)} as "{name}"' for name in shown]
        values += listed(self.trailing_columns)
        statement = (
            f"with grouped as ({rows}) select {', '.join(values)} from grouped {self.joins(shape)}"
            f" where {self.shown_if}"
        )
        if self.order:
            statement += f" order by {self.order}"
        if self.limit is not None:
            statement += f" limit {self.limit}"
        return statement

    def json_expression(self, shape: Shape) -> str:
        """Return SQL for the block as JSON: an object, a list of rows, or of a page, `[number of all rows, rows]`."""
        if not self.has_rows:
            return f"select to_json(shown) from ({self.statement(shape)}) as shown"
        if self.paged:
            return self._page_expression(shape)
        return _json_rows(self.statement(shape))

    def _page_expression(self, shape: Shape) -> str:
        """List all rows by what they are ordered by; compute in full those of the page alone."""
        keys = ", ".join(self.grouping.columns)
        every_row = grouped(shape, self.grouping, shape.metrics.named(self.order_metrics))
        page = replace(shape, among=f"({keys}) in (select {keys} from page)")
        return (
            f"with listed as materialized (select * from ({every_row}) as grouped where {self.shown_if}),"
            f" page as materialized (select {keys} from listed as grouped order by {self.order}"
            " limit {per_page:bigint} offset {offset:bigint})"
            f" select json_build_array((select count(*) from listed), ({_json_rows(self.statement(page))}))"
        )


def _json_rows(statement: str) -> str:
    return f"select coalesce(json_agg(shown), '[]') from ({statement}) as shown"


def _shown_value(metric: Metric, raw: Mapping[str, str]) -> str:
    """Return SQL for a metric as it is shown: decimal text, an integer, or a number of 4 decimals."""
    if metric.kind != "ratio":
        return _money(raw[metric.name]) if metric.unit == "money" else f"{raw[metric.name]}::bigint"
    above = raw[metric.numerator or ""]
    below = "(" + " + ".join(raw[name] for name in metric.denominator) + ")"
    if metric.unit == "money":
        value = _money(_rounded_quotient(above, below))
    else:
        value = f"trim_scale({_rounded_quotient(f'10000 * {above}', below)} * 0.0001)"
    return f"case when {below} > 0 then {value} end"


def _rounded_quotient(above: str, below: str) -> str:
    """Return SQL for above / below, rounded half up, exactly: numeric division would round twice."""
    return f"sign({above}) * div(2 * abs({above})::numeric + {below}, 2 * {below})"


def _money(minor: str) -> str:
    """Return SQL for minor units as decimal text: a product has exactly the decimals of its factors."""
    return f"(({minor})::numeric * {{minor_unit:numeric}})::text"
