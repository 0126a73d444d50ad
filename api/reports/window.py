"""Windows of local days, their periods, and which rollups cover them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Granularity = Literal["day", "week", "month"]
GRANULARITIES: tuple[Granularity, ...] = ("day", "week", "month")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """Local days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def end(self) -> date:
        """The day after the last one: windows are computed half-open."""
        return self.last + _DAY


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


@dataclass(frozen=True)
class Span:
    """Periods of one rollup: those that start in [first, end)."""

    granularity: Granularity
    first: date | None
    end: date


def cover(window: Window, kept: Sequence[Granularity], series: Granularity | None = None) -> list[Span]:
    """Return the coarsest rollups that hold exactly the window's days.

    Args:
        window: the days to cover.
        kept: granularities in which the subject has rollups.
        series: granularity of the series' buckets, which no period may straddle; None for totals.
    """
    coarsest = series if series is not None else "month"
    if coarsest == "day" or coarsest not in kept:
        return [Span("day", window.first, window.end)]
    first = period_start(window.first, coarsest)
    if first < window.first:
        first = next_period(first, coarsest)
    end = period_start(window.end, coarsest)
    if first >= end:
        return [Span("day", window.first, window.end)]
    spans = [Span("day", window.first, first), Span(coarsest, first, end), Span("day", end, window.end)]
    return [span for span in spans if span.first != span.end]


def cover_until(end: date, kept: Sequence[Granularity]) -> list[Span]:
    """Return the coarsest rollups that hold all days before `end`."""
    month = period_start(end, "month")
    if "month" not in kept:
        return [Span("day", None, end)]
    return [Span("month", None, month)] + ([Span("day", month, end)] if month < end else [])
