"""The published tables that hold sums, and what each can be grouped and filtered by."""

from dataclasses import dataclass

from api.reports.window import Granularity

_SUFFIX = {"day": "daily", "week": "weekly", "month": "monthly"}


@dataclass(frozen=True)
class Rollup:
    """A family of tables of the same columns, one for each granularity.

    Attributes:
        name: middle part of the tables' names.
        kept: granularities that are published.
        dimensions: columns beside shop, currency and day.
    """

    name: str
    kept: tuple[Granularity, ...]
    dimensions: frozenset[str]

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of all its published tables."""
        return tuple(map(self.table, self.kept))

    def table(self, granularity: Granularity) -> str:
        """Return the published table's name."""
        return f"reports.rollup_{self.name}_{_SUFFIX[granularity]}"


VARIANTS = Rollup(
    "variants", ("day", "week", "month"), frozenset({"offer_id", "product_id", "variant_id", "market_id"})
)
CANCELLATIONS = Rollup("cancellations", ("day", "month"), frozenset({"offer_id", "cancel_reason"}))
BALANCES = Rollup("balances", ("day", "month"), frozenset({"offer_id", "balance_due_on"}))
CUSTOMERS = Rollup("customers", ("day",), frozenset({"offer_id", "customer_id"}))
