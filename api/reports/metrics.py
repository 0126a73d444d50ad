"""Metrics as dbt defines them (`reports.metric_definitions`): names, units, and how each is computed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# all columns: what an earlier build published lacks those that came later
DEFINITIONS_SQL = "select * from reports.metric_definitions order by position"
_NO_CURRENCY = "There is nothing to convert: the same in every currency."


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        name: as every report shows it.
        kind: `additive` (summed over the window's days), `state` (summed from the beginning to the window's
            end), `distinct` (an entity counted once), `ratio` (numerator / denominator).
        unit: `count`, `money` (minor units in the rollups, decimal text in answers) or `fraction`.
        description: for people.
        numerator, denominator: of a ratio, names of metrics; the denominator's are added up.
        entity, day: of a distinct count, columns of `reports.fct_order_variants`.
        adds_over: what it may be summed over: `days`, `lines`.
        formula, date_rule, currency_rule: what is added up, which day decides, and how it is converted; for people.
    """

    name: str
    kind: str
    unit: str
    description: str
    numerator: str | None = None
    denominator: tuple[str, ...] = ()
    entity: str | None = None
    day: str | None = None
    adds_over: tuple[str, ...] = ()
    formula: str | None = None
    date_rule: str | None = None
    currency_rule: str | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Metric":
        """Read a row of `DEFINITIONS_SQL`."""
        denominator = tuple(filter(None, (row["denominator"] or "").split("+")))
        parts = f"({' + '.join(denominator)})" if len(denominator) > 1 else "".join(denominator)
        return cls(
            name=row["metric"],
            kind=row["kind"],
            unit=row["unit"],
            description=row["description"],
            numerator=row["numerator"],
            denominator=denominator,
            entity=row["entity"],
            day=row["day"],
            adds_over=tuple(filter(None, (row["adds_over"] or "").split(","))),
            formula=f"{row['numerator']} / {parts}" if denominator else row.get("formula"),
            date_rule=row.get("date_rule"),
            currency_rule=row.get("currency_rule") or (None if row["unit"] == "money" else _NO_CURRENCY),
        )

    @property
    def column(self) -> str:
        """The rollups' column of an additive or state metric."""
        return f"{self.name}_minor" if self.unit == "money" else self.name

    @property
    def counts_orders_of_a_day(self) -> bool:
        """Whether it is a count of orders, each of which has one day: so it adds up over days."""
        return self.kind == "distinct" and self.entity == "order_id" and "days" in self.adds_over


class Metrics:
    """All metrics, in the order in which reports show them."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self.by_name = {metric.name: metric for metric in metrics}

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> "Metrics":
        """Read rows of `DEFINITIONS_SQL`."""
        return cls(map(Metric.from_row, rows))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all metrics, in order."""
        return tuple(self.by_name)

    def in_order(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the names in the definitions' order, each once."""
        wanted = set(names)
        return tuple(name for name in self.by_name if name in wanted)

    def named(self, names: Iterable[str]) -> tuple[Metric, ...]:
        """Return the metrics of these names, in order."""
        return tuple(self.by_name[name] for name in self.in_order(names))

    def needed_for(self, names: Iterable[str]) -> tuple[Metric, ...]:
        """Return the metrics that must be computed to show these: a ratio needs its parts.

        Raises:
            KeyError: a metric that dbt doesn't define.
        """
        needed: set[str] = set()
        for name in names:
            metric = self.by_name[name]
            needed |= {metric.numerator, *metric.denominator} if metric.kind == "ratio" else {name}  # type: ignore[arg-type]
        return self.named(needed)
