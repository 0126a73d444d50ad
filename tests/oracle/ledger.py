"""The ledger of one shop in one currency: metrics.md, sections "The ledger", "Odd timelines" and
"Money and currencies"."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from .events import Event, Line, Open
from .money import Amount, Converter, NoRate
from .source import Source


class Ledger:
    def __init__(self, source: Source, shop_id: str, currency: str):
        self.currency = currency
        self.converter = source.remember("converter", lambda: Converter(source.tables.get("fx_rates", [])))
        self.zone = ZoneInfo(source.shop(shop_id)["timezone"])
        self.lines: list[Line] = []
        self.events: list[Event] = []
        self.opens: list[Open] = []
        self._build(source, shop_id)
        self.events.sort(key=lambda event: event.day)
        self._days = [event.day for event in self.events]

    def between(self, first: date, last: date) -> list[Event]:
        """The events of a window, both days included."""
        return self.events[bisect_left(self._days, first) : bisect_right(self._days, last)]

    def day(self, instant: datetime) -> date:
        """An event's day: its date in the shop's timezone."""
        return instant.astimezone(self.zone).date()

    def _build(self, source: Source, shop_id: str) -> None:
        # Payments and refunds are reached through their line, so those of a line that is gone, or
        # of a test or deleted order, count nowhere.
        payments, refunds = defaultdict(list), defaultdict(list)
        for row in source.rows("payments", shop_id):
            if row["status"] in ("succeeded", "failed") and row["processed_at"] is not None:
                payments[row["order_line_id"]].append(row)
        for row in source.rows("refunds", shop_id):
            refunds[row["order_line_id"]].append(row)
        orders = source.by_id("orders", shop_id)
        for row in source.rows("order_lines", shop_id):
            order = orders.get(row["order_id"])
            if order is None or order["test"] or order["deleted_at"] is not None:
                continue
            self._add_line(row, order, payments[row["id"]], refunds[row["id"]])

    def _add_line(self, row: dict, order: dict, payments: list[dict], refunds: list[dict]) -> None:
        line = Line(
            order_id=order["id"],
            offer_id=row["offer_id"],
            product_id=row["product_id"],
            variant_id=row["variant_id"],
            market_id=order["market_id"],
            customer_id=order["customer_id"],
            currency=order["currency"],
            placed_at=order["placed_at"],
            placed_day=self.day(order["placed_at"]),
            cancelled_day=None if order["cancelled_at"] is None else self.day(order["cancelled_at"]),
            cancel_reason="unknown" if order["cancel_reason"] is None else order["cancel_reason"],
            quantity=row["quantity"],
            total=row["total"],
            deposit=row["deposit"],
            balance=row["balance"],
            due_on=row["balance_due_on"],
            balance_payments=[
                (self.day(payment["processed_at"]), payment["amount"])
                for payment in payments
                if payment["portion"] == "balance" and payment["status"] == "succeeded"
            ],
        )
        self.lines.append(line)
        total, deposit, balance = self.portions(line)
        self.events.append(Event("placed", line.placed_day, line, total, deposit, balance))
        if line.cancelled_day is not None:
            # Dated by the cancellation, but converted at the rate of the order's day.
            self.events.append(Event("cancelled", line.cancelled_day, line, total))
        for payment in payments:
            kind = f"{payment['portion']} {payment['status']}"
            if kind != "deposit failed":  # the ledger has no such event
                self._add_paid(kind, payment["processed_at"], line, payment["amount"])
        for refund in refunds:
            self._add_paid("refunded", refund["refunded_at"], line, refund["amount"])
        self._add_opens(line)

    def _add_paid(self, kind: str, instant: datetime, line: Line, amount: Decimal) -> None:
        day = self.day(instant)
        self.events.append(Event(kind, day, line, self._convert(amount, line, day)))

    def _convert(self, amount: Decimal, line: Line, day: date) -> Amount:
        return self.converter.convert(amount, line.currency, self.currency, day)

    def portions(self, line: Line) -> tuple[Amount, Amount, Amount]:
        """Total and deposit portion are converted; the balance portion is the difference."""
        total = self._convert(line.total, line, line.placed_day)
        deposit = self._convert(line.deposit, line, line.placed_day)
        if isinstance(total, NoRate) or isinstance(deposit, NoRate):
            # Without a balance the two are the same amount, so that 0 depends on no rate.
            return total, deposit, 0 if line.balance == 0 else NoRate(line.placed_day)
        return total, deposit, total - deposit

    def outstanding(self, line: Line, day: date) -> Amount | None:
        """The line's state at the end of `day`; None if nothing is open in the order's currency."""
        if line.placed_day > day or (line.cancelled_day is not None and line.cancelled_day <= day):
            return None
        paid = sum((amount for paid_on, amount in line.balance_payments if paid_on <= day), Decimal(0))
        if paid >= line.balance:
            return None
        balance = self.portions(line)[2]
        relieved = self._convert(paid, line, line.placed_day)  # the running total, converted once
        if isinstance(balance, NoRate) or isinstance(relieved, NoRate):
            return NoRate(line.placed_day)
        return balance - min(relieved, balance)

    def _add_opens(self, line: Line) -> None:
        # The state changes on these days only; on each it is worked out anew from its definition.
        days = {line.placed_day, *(day for day, _ in line.balance_payments)}
        if line.cancelled_day is not None:
            days.add(line.cancelled_day)
        changes = sorted(day for day in days if day >= line.placed_day)
        for first, end in zip(changes, [*changes[1:], None], strict=True):
            amount = self.outstanding(line, first)
            if amount is not None:
                self.opens.append(Open(line, first, end, amount))


def ledger(source: Source, shop_id: str, currency: str) -> Ledger:
    return source.remember(("ledger", shop_id, currency), lambda: Ledger(source, shop_id, currency))
