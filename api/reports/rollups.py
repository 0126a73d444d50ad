"""The published tables that hold sums, what each can be grouped and filtered by, and which one answers."""

from collections.abc import Set
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
        counts_orders: whether it holds the counts of orders that add up over days, for one group of its dimensions.
    """

    name: str
    kept: tuple[Granularity, ...]
    dimensions: frozenset[str]
    counts_orders: bool = False

    def table(self, granularity: Granularity) -> str:
        """Return the published table's name."""
        return f"reports.rollup_{self.name}_{_SUFFIX[granularity]}"


# the smallest first
ROLLUPS = (
    Rollup("shops", ("day", "week", "month"), frozenset(), counts_orders=True),
    Rollup("offers", ("day", "week", "month"), frozenset({"offer_id"}), counts_orders=True),
    Rollup("products", ("day", "month"), frozenset({"product_id"}), counts_orders=True),
    Rollup("reasons", ("day", "month"), frozenset({"cancel_reason"}), counts_orders=True),
    Rollup("cancellations", ("day", "month"), frozenset({"offer_id", "cancel_reason"}), counts_orders=True),
    Rollup("balances", ("day", "month"), frozenset({"offer_id", "balance_due_on"})),
    Rollup("offer_variants", ("day", "week", "month"), frozenset({"offer_id", "variant_id"}), counts_orders=True),
    Rollup("variants", ("day", "week", "month"), frozenset({"offer_id", "product_id", "variant_id", "market_id"})),
    Rollup("customers", ("day",), frozenset({"offer_id", "customer_id"})),
)


def choose_rollup(dimensions: Set[str]) -> Rollup:
    """Return the smallest rollup that can be grouped and filtered by the dimensions.

    Raises:
        ValueError: none can.
    """
    for rollup in ROLLUPS:
        if dimensions <= rollup.dimensions:
            return rollup
    raise ValueError(f"no rollup has all of {', '.join(sorted(dimensions))}")
