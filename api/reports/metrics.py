"""Metrics as dbt defines them (`reports.metric_definitions`): names, units, and how each is computed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

DEFINITIONS_SQL = """
    select metric as name, kind, unit, description, numerator, denominator, entity, day, adds_over
    from reports.metric_definitions
    order by position
"""
_LISTS = (("denominator", "+"), ("adds_over", ","))


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
        adds_over: what it may be summed over, `days` and `lines`.
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
    def from_rows(cls, rows: Iterable[dict[str, Any]]) -> "Metrics":
        """Read rows of `DEFINITIONS_SQL`."""
        return cls(
            Metric(
                **{**row, "denominator": _parts(row["denominator"], "+"), "adds_over": _parts(row["adds_over"], ",")}
            )
            for row in rows
        )

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


def _parts(text: str | None, separator: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(separator) if part)
