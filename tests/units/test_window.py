"""The rollups that cover a window hold exactly its days."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.reports.window import Window, count_buckets, next_period, period_start

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
SIZES = st.sampled_from(["week", "month"])


def window_of(first: date, length: int) -> Window:
    return Window(first, min(first + timedelta(days=length), date(2100, 12, 31)))


def days_of_whole(window: Window, size: str) -> list[date]:
    periods = getattr(window, f"{size}s")
    days, start = [], periods.first
    while start < periods.end:
        after = next_period(start, size)
        days += [start + timedelta(days=n) for n in range((after - start).days)]
        start = after
    return days


@given(first=DAYS, length=st.integers(0, 800))
def test_a_windows_days_are_counted_from_its_first(first: date, length: int) -> None:
    window = window_of(first, length)
    assert list(window.days) == [first + timedelta(days=n) for n in range((window.last - first).days + 1)]


@given(first=DAYS, length=st.integers(0, 800), size=SIZES)
def test_whole_periods_and_edge_days_are_the_window(first: date, length: int, size: str) -> None:
    window = window_of(first, length)
    periods = getattr(window, f"{size}s")
    assert sorted([*days_of_whole(window, size), *periods.edge_days]) == list(window.days)


@given(first=DAYS, length=st.integers(0, 800))
def test_everything_before_the_windows_end_is_read_once(first: date, length: int) -> None:
    window = window_of(first, length)
    month = period_start(first, "month")
    read = Counter([*days_of_whole(window, "month"), *window.months.edge_days_of_history])
    assert read == Counter(Window(month, window.last).days)
    assert window.month == month


@given(first=DAYS, length=st.integers(0, 100), size=SIZES)
def test_edges_lie_within_one_period_each(first: date, length: int, size: str) -> None:
    periods = getattr(window_of(first, length), f"{size}s")
    assert [*periods.head.days, *periods.tail.days] == periods.edge_days
    assert len({period_start(day, size) for day in periods.head.days}) <= 1
    assert {period_start(day, size) for day in periods.tail.days} <= {periods.end}


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
    assert Window(date(2025, 1, 1), date(2025, 12, 31)).months.edge_days == []
