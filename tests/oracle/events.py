"""The rows of the ledger: metrics.md, section "The ledger"."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from .money import Amount


@dataclass(slots=True, eq=False)
class Line:
    """A preorder line with what its order says. Money is in the order's currency."""

    order_id: int
    offer_id: str
    product_id: int
    variant_id: int
    market_id: int | None
    customer_id: int | None
    currency: str
    placed_at: datetime
    placed_day: date
    cancelled_day: date | None
    cancel_reason: str
    quantity: int
    total: Decimal
    deposit: Decimal
    balance: Decimal
    due_on: date | None
    balance_payments: list[tuple[date, Decimal]]  # the succeeded ones, with their days


@dataclass(slots=True, eq=False)
class Event:
    """One row of the ledger. `amount` is a line's total for placed and cancelled events."""

    kind: str
    day: date
    line: Line
    amount: Amount
    deposit: Amount = 0
    balance: Amount = 0


@dataclass(slots=True, eq=False)
class Open:
    """A line's outstanding balance on the days `first` <= day < `end` (no end: for ever)."""

    line: Line
    first: date
    end: date | None
    amount: Amount
