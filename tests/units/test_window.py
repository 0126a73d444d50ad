"""The rollups that cover a window hold exactly its days."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.reports.window import (
    Span,
    Window,
    count_buckets,
    cover,
    cover_until,
    cover_with_history,
    edge_buckets,
    next_period,
    period_start,
)

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
ALL = ("day", "week", "month")


def days_of(spans: list, first: date) -> list[date]:
    days = []
    for span in spans:
        period = period_start(span.first or first, span.granularity)
        assert span.first is None or period == span.first, "a span begins with a whole period"
        while period < span.end:
            after = next_period(period, span.granularity)
            days += [period + timedelta(days=n) for n in range((after - period).days)]
            period = after
    return days


@given(first=DAYS, length=st.integers(0, 800), series=st.sampled_from([None, *ALL]))
def test_every_day_of_a_window_is_read_once(first: date, length: int, series: str | None) -> None:
    last = min(first + timedelta(days=length), date(2100, 12, 31))
    days = Counter(days_of(cover(Window(first, last), ALL, series), first))
    assert days == Counter(first + timedelta(days=n) for n in range((last - first).days + 1))


@given(first=DAYS)
def test_everything_before_a_day_is_read_once(first: date) -> None:
    start = first - timedelta(days=100)
    days = [day for day in days_of(cover_until(first, ("day", "month")), start) if day >= start]
    assert days == [start + timedelta(days=n) for n in range(100)]


@given(first=DAYS, length=st.integers(0, 800))
def test_flows_of_the_window_and_all_steps_of_states_are_read_once(first: date, length: int) -> None:
    window = Window(first, min(first + timedelta(days=length), date(2100, 12, 31)))
    parts = cover_with_history(window, ("day", "month"))
    flows = [Span(part.span.granularity, part.flows_from, part.span.end) for part in parts if part.flows_from]
    assert Counter(days_of(flows, first)) == Counter(first + timedelta(days=n) for n in range(_days(window)))
    start = first - timedelta(days=100)
    states = Counter(day for day in days_of([part.span for part in parts if part.has_states], start) if day >= start)
    assert states == Counter(start + timedelta(days=n) for n in range(100 + _days(window)))


@given(first=DAYS, length=st.integers(0, 100), granularity=st.sampled_from(ALL))
def test_whole_buckets_and_edges_are_the_window(first: date, length: int, granularity: str) -> None:
    window = Window(first, min(first + timedelta(days=length), date(2100, 12, 31)))
    whole, edges = edge_buckets(window, granularity)
    parts = sorted([*edges, *([whole] if whole else [])], key=lambda part: part.first)
    assert sum(map(_days, parts)) == _days(window)
    assert [parts[0].first, *(part.end for part in parts)] == [*(part.first for part in parts), window.end]
    assert all(count_buckets(edge, granularity) == 1 for edge in edges)
    assert whole is None or (period_start(whole.first, granularity), period_start(whole.end, granularity)) == (
        whole.first,
        whole.end,
    )


def _days(window: Window) -> int:
    return (window.end - window.first).days


@pytest.mark.parametrize(
    ("first", "last", "granularity", "count"),
    [
        (date(2026, 1, 1), date(2026, 5, 28), "week", 22),
        (date(2024, 12, 30), date(2025, 1, 5), "week", 1),
        (date(2024, 2, 28), date(2024, 3, 1), "day", 3),
        (date(2024, 12, 31), date(2025, 1, 1), "month", 2),
    ],
)
def test_the_number_of_buckets(first: date, last: date, granularity: str, count: int) -> None:
    assert count_buckets(Window(first, last), granularity) == count


def test_a_year_is_read_from_months() -> None:
    assert [span.granularity for span in cover(Window(date(2025, 1, 1), date(2025, 12, 31)), ALL)] == ["month"]
