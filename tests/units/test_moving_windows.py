"""Rate limits to the point and to the moment, by a clock that the test holds (spec: api.md, Common)."""

import asyncio
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItemPerMinute
from limits.aio.strategies import MovingWindowRateLimiter

from api import rate_limit
from api.authentication import Caller
from api.moving_windows import MovingWindows
from api.rate_limit import RateLimiter


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_points_come_back_a_minute_after_they_were_taken_and_not_before() -> None:
    clock, item = Clock(), RateLimitItemPerMinute(3)
    limiter = MovingWindowRateLimiter(MovingWindows(clock))

    async def take() -> None:
        began = clock.now
        assert await limiter.hit(item, "shop", cost=1)
        clock.now = began + 30
        assert await limiter.hit(item, "shop", cost=2)
        assert await limiter.hit(item, "another shop", cost=3)
        clock.now = began + 59.999
        assert not await limiter.hit(item, "shop", cost=1)
        assert (await limiter.get_window_stats(item, "shop")).reset_time == began + 60
        clock.now = began + 60.001
        assert not await limiter.hit(item, "shop", cost=2), "all or none"
        assert (await limiter.get_window_stats(item, "shop")).remaining == 1
        assert await limiter.hit(item, "shop", cost=1)
        assert not await limiter.hit(item, "shop", cost=1)
        clock.now = began + 90.001
        assert (await limiter.get_window_stats(item, "shop")).remaining == 2

    asyncio.run(take())


def test_a_refused_call_is_told_when_as_many_points_as_it_costs_are_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, caller = Clock(), Caller(UUID(int=1), frozenset(), 10)
    monkeypatch.setattr(rate_limit, "MovingWindows", lambda: MovingWindows(clock))
    limiter = RateLimiter("memory://", 1)

    async def call() -> None:
        began = clock.now
        assert (await limiter.spend(caller, 1)).allowed
        clock.now = began + 30
        assert all([(await limiter.spend(caller, 1)).allowed for _ in range(9)])
        clock.now = began + 31
        assert (await limiter.spend(caller, 1)).reset_at == began + 60
        refused = await limiter.spend(caller, 2)
        assert not refused.allowed
        assert refused.reset_at == began + 90
        clock.now = began + 61
        assert not (await limiter.spend(caller, 2)).allowed
        clock.now = began + 90.001
        assert (await limiter.spend(caller, 2)).allowed

    asyncio.run(call())


@given(
    limit=st.integers(1, 6),
    calls=st.lists(st.tuples(st.floats(0, 45), st.integers(1, 3)), max_size=40),
)
def test_no_minute_holds_more_points_than_the_limit(limit: int, calls: list[tuple[float, int]]) -> None:
    clock, item = Clock(), RateLimitItemPerMinute(limit)
    limiter = MovingWindowRateLimiter(MovingWindows(clock))
    taken: list[float] = []

    async def take() -> None:
        for wait, cost in calls:
            clock.now += wait
            counting = [at for at in taken if at >= clock.now - 60]
            is_there = len(counting) + cost <= limit
            assert await limiter.hit(item, "shop", cost=cost) == is_there
            if is_there:
                taken.extend([clock.now] * cost)

    asyncio.run(take())


@pytest.mark.parametrize("idle_seconds", [60, 600])
def test_what_nobody_takes_from_is_forgotten(idle_seconds: int) -> None:
    clock = Clock()
    windows = MovingWindows(clock)

    async def take() -> None:
        for number in range(100):
            await windows.acquire_entry(f"address {number}", 10, 60)
        clock.now += idle_seconds
        await windows.acquire_entry("the last one", 10, 60)

    asyncio.run(take())
    assert windows.windows_held == (101 if idle_seconds == 60 else 1)
