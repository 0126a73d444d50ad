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


def edge_buckets(window: Window, granularity: Granularity) -> tuple[Window | None, list[Window]]:
    """Return the window's part of whole buckets, if there is any, and its parts of the buckets at its edges."""
    first = period_start(window.first, granularity)
    if first < window.first:
        first = next_period(first, granularity)
    end = period_start(window.end, granularity)
    if first > end:
        return None, [window]
    edges = [Window(window.first, first - _DAY), Window(end, window.last)]
    whole = Window(first, end - _DAY) if first < end else None
    return whole, [edge for edge in edges if edge.first <= edge.last]


@dataclass(frozen=True)
class Part:
    """Periods of which flows and states are summed in one go.

    Attributes:
        span: the periods.
        flows_from: flows are summed from this day on; None: there are none in the window.
        has_states: whether states are summed, over all of it.
    """

    span: Span
    flows_from: date | None
    has_states: bool


def cover_with_history(window: Window, kept: Sequence[Granularity]) -> list[Part]:
    """Return the coarsest rollups that hold the window's flows and the states at its end, each period read once."""
    flows = {(span.granularity, span.end): span for span in cover(window, kept)}
    parts = []
    for span in cover_until(window.end, kept):
        flow = flows.pop((span.granularity, span.end), None)
        flows_from = flow.first if flow else None
        if flow and span.first and flow.first and flow.first < span.first:  # the window begins in the month before
            flows[span.granularity, span.first] = Span(span.granularity, flow.first, span.first)
            flows_from = span.first
        parts.append(Part(span, flows_from, has_states=True))
    return [*parts, *(Part(span, span.first, has_states=False) for span in flows.values())]


def cover_until(end: date, kept: Sequence[Granularity]) -> list[Span]:
    """Return the coarsest rollups that hold all days before `end`."""
    month = period_start(end, "month")
    if "month" not in kept:
        return [Span("day", None, end)]
    return [Span("month", None, month)] + ([Span("day", month, end)] if month < end else [])
