"""Windows of local days, and the periods of rollups that hold them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

Granularity = Literal["day", "week", "month"]
GRANULARITIES: tuple[Granularity, ...] = ("day", "week", "month")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """Local days from `first` to `last`, both included; none if `last` is the day before `first`."""

    first: date
    last: date

    @property
    def end(self) -> date:
        """The day after the last one: windows are computed half-open."""
        return self.last + _DAY

    @property
    def month(self) -> date:
        """The first day of the month that the window begins in."""
        return period_start(self.first, "month")

    @property
    def days(self) -> Iterator[date]:
        """Each of them."""
        return map(date.fromordinal, range(self.first.toordinal(), self.end.toordinal()))

    @cached_property
    def weeks(self) -> "Periods":
        """Its whole weeks."""
        return Periods.of(self, "week")

    @cached_property
    def months(self) -> "Periods":
        """Its whole months."""
        return Periods.of(self, "month")


@dataclass(frozen=True)
class Periods:
    """A window's whole weeks or months, and its days at their edges.

    Attributes:
        first, end: whole are those that start from `first` on and before `end`; maybe none do.
        head: the days before them; all days if the window lies within one period. May be empty.
        tail: the days behind them; may be empty.
        edge_days: the days of both.
        edge_days_of_history: the same, and the days before the window in the month that it begins in.
    """

    first: date
    end: date
    head: Window
    tail: Window
    edge_days: list[date]
    edge_days_of_history: list[date]

    @classmethod
    def of(cls, window: Window, size: Granularity) -> "Periods":
        """Return the periods of a size."""
        first, end = period_start(window.first, size), period_start(window.end, size)
        if first < window.first:
            first = next_period(first, size)
        head = Window(window.first, min(first, window.end) - _DAY)
        tail = Window(max(end, head.end), window.last)
        before = Window(window.month, window.first - _DAY)
        edge_days = [*head.days, *tail.days]
        return cls(first, end, head, tail, edge_days, [*before.days, *edge_days])


def period_start(day: date, granularity: Granularity) -> date:
    """Return the first day of the day's period: itself, its Monday, or its month's 1st."""
    if granularity == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if granularity == "month" else day


def next_period(start: date, granularity: Granularity) -> date:
    """Return the first day of the period after the one that starts here."""
    if granularity == "month":
        return (start + timedelta(days=31)).replace(day=1)
    return start + (timedelta(days=7) if granularity == "week" else _DAY)


def count_buckets(window: Window, granularity: Granularity) -> int:
    """Return the number of buckets that the window touches."""
    first, last = period_start(window.first, granularity), period_start(window.last, granularity)
    if granularity == "month":
        return (last.year - first.year) * 12 + last.month - first.month + 1
    return (last - first).days // (7 if granularity == "week" else 1) + 1
