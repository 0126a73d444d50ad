"""Every metric of metrics.md's table, each worked out on its own from a set of events and the set
of open lines at the end of the window."""

from collections import defaultdict
from datetime import date
from fractions import Fraction

from . import money
from .events import Event, Open

EVERY_METRIC = (
    "orders",
    "units",
    "revenue",
    "deposit_revenue",
    "balance_revenue",
    "customers",
    "average_order_value",
    "deposits_collected",
    "balances_collected",
    "balances_collected_count",
    "balances_failed",
    "balances_failed_amount",
    "cancelled_orders",
    "cancelled_units",
    "cancelled_revenue",
    "refunds_issued",
    "refunds_count",
    "balances_outstanding",
    "lines_outstanding",
    "cancellation_rate",
    "collection_rate",
)
MONEY = {
    "revenue",
    "deposit_revenue",
    "balance_revenue",
    "average_order_value",
    "deposits_collected",
    "balances_collected",
    "balances_failed_amount",
    "cancelled_revenue",
    "refunds_issued",
    "balances_outstanding",
}
STATE = ("balances_outstanding", "lines_outstanding")
SUM_OF = {
    "revenue": "placed",
    "deposits_collected": "deposit succeeded",
    "balances_collected": "balance succeeded",
    "balances_failed_amount": "balance failed",
    "cancelled_revenue": "cancelled",
    "refunds_issued": "refunded",
}
NUMBER_OF = {
    "balances_collected_count": "balance succeeded",
    "balances_failed": "balance failed",
    "refunds_count": "refunded",
}
UNITS_OF = {"units": "placed", "cancelled_units": "cancelled"}
ORDERS_OF = {"orders": "placed", "cancelled_orders": "cancelled"}


class Figures:
    """Works out metrics in minor units, counts and fractions. Days whose missing rate a figure
    depends on are put into `missing`; a figure that nobody asks for puts nothing there."""

    def __init__(self, events: list[Event], opens: list[Open], missing: set[date]):
        self.opens, self.missing = opens, missing
        self._kinds: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            self._kinds[event.kind].append(event)

    def of(self, names) -> dict:
        return {name: self.one(name) for name in names}

    def _kind(self, kind: str) -> list[Event]:
        return self._kinds.get(kind, [])

    def one(self, name: str):
        if name in SUM_OF:
            return money.add((event.amount for event in self._kind(SUM_OF[name])), self.missing)
        if name in NUMBER_OF:
            return len(self._kind(NUMBER_OF[name]))
        if name in UNITS_OF:
            return sum(event.line.quantity for event in self._kind(UNITS_OF[name]))
        if name in ORDERS_OF:
            return len({event.line.order_id for event in self._kind(ORDERS_OF[name])})
        return getattr(self, name)()

    def deposit_revenue(self) -> int:
        return money.add((event.deposit for event in self._kind("placed")), self.missing)

    def balance_revenue(self) -> int:
        return money.add((event.balance for event in self._kind("placed")), self.missing)

    def customers(self) -> int:
        return len({event.line.customer_id for event in self._kind("placed")} - {None})

    def average_order_value(self) -> int | None:
        orders = self.one("orders")
        return money.round_half_up(Fraction(self.one("revenue"), orders)) if orders else None

    def balances_outstanding(self) -> int:
        return money.add((item.amount for item in self.opens), self.missing)

    def lines_outstanding(self) -> int:
        return len(self.opens)

    def cancellation_rate(self) -> float | None:
        return _fraction(self.one("cancelled_orders"), self.one("orders"))

    def collection_rate(self) -> float | None:
        collected = self.one("balances_collected_count")
        return _fraction(collected, collected + self.one("balances_failed"))


def _fraction(part: int, whole: int) -> float | None:
    return money.round_half_up(Fraction(part, whole) * 10_000) / 10_000 if whole else None


def shown(figures: dict, currency: str) -> dict:
    """The figures as JSON shows them: money becomes decimal text."""
    return {
        name: money.text(value, currency) if name in MONEY and value is not None else value
        for name, value in figures.items()
    }
