"""The rollups that cover a window hold exactly its days."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.reports.window import Window, count_buckets, cover, cover_until, next_period, period_start

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
