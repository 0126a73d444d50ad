"""Windows of local days, and the periods of rollups that hold them."""

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

    @cached_property
    def weeks(self) -> "Periods":
        """Its whole weeks."""
        return Periods(self, "week")

    @cached_property
    def months(self) -> "Periods":
        """Its whole months."""
        return Periods(self, "month")


@dataclass(frozen=True)
class Periods:
    """A window's whole weeks or months: those that start from `first` on and before `end`; maybe none do."""

    window: Window
    granularity: Granularity

    @property
    def first(self) -> date:
        """The first day of a period in the window."""
        start = period_start(self.window.first, self.granularity)
        return start if start == self.window.first else next_period(start, self.granularity)

    @property
    def end(self) -> date:
        """The first day of the period that the window doesn't hold wholly any more."""
        return period_start(self.window.end, self.granularity)

    @property
    def head(self) -> Window:
        """The window's days before its whole periods; all of them if it lies within one period. May be empty."""
        return Window(self.window.first, min(self.first, self.window.end) - _DAY)

    @property
    def tail(self) -> Window:
        """Its days behind whole periods; may be empty."""
        return Window(max(self.end, self.head.end), self.window.last)

    @property
    def edge_days(self) -> list[date]:
        """The days of both."""
        return [*_days(self.head.first, self.head.end), *_days(self.tail.first, self.tail.end)]

    @property
    def edge_days_of_history(self) -> list[date]:
        """The same, and the days before the window in the month that it begins in."""
        return [*_days(self.window.month, self.window.first), *self.edge_days]


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


def _days(first: date, end: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((end - first).days)]
