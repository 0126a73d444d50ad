"""Rate limits: points of a shop in a moving minute, a read costs 1, a write 2 (spec: api.md, Common).

Calls without a valid key are counted by address.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from limits import RateLimitItemPerMinute
from limits.aio.storage import MovingWindowSupport
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

from api.authentication import Caller
from api.database import Unavailable
from api.moving_windows import MovingWindows

READ_COST = 1
WRITE_COST = 2


@dataclass(frozen=True)
class Allowance:
    """What a shop may still do.

    Attributes:
        allowed: whether this call is within the limit.
        limit, remaining: points.
        reset_at: when points come back, Unix time in seconds.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_at: float

    @property
    def retry_after(self) -> int:
        """Whole seconds until points come back, at least 1."""
        return max(1, math.ceil(self.reset_at - time.time()))

    @property
    def headers(self) -> dict[str, str]:
        """Headers of every answer to an authenticated call."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(math.ceil(self.reset_at)),
        }


class RateLimiter:
    """One bucket a shop, whichever of its keys is used."""

    def __init__(self, storage: str, refusals_per_minute: int) -> None:
        """Use the storage of a `limits` URL, such as `memory://` or `redis://..`."""
        in_memory = storage.startswith("memory:")
        points = MovingWindows() if in_memory else storage_from_string(f"async+{storage}", wrap_exceptions=True)
        assert isinstance(points, MovingWindowSupport)  # as all of the library's are, but for Memcached's and etcd's
        self._points, self._strategy = points, MovingWindowRateLimiter(points)
        self._refusals = RateLimitItemPerMinute(refusals_per_minute)

    async def spend(self, caller: Caller, cost: int) -> Allowance:
        """Take the points of one call, if they are there.

        Raises:
            Unavailable: as the other methods do, when the storage cannot be reached.
        """
        item = RateLimitItemPerMinute(caller.points_per_minute)
        cost = min(cost, item.amount)  # else it would never be taken, whenever it is tried again
        with _told_as_unavailable():
            allowed = await self._strategy.hit(item, str(caller.shop_id), cost=cost)
            stats = await self._strategy.get_window_stats(item, str(caller.shop_id))
            reset_at = stats.reset_time if allowed else await self._enough_at(item, caller, cost)
        return Allowance(allowed, caller.points_per_minute, stats.remaining, reset_at)

    async def _enough_at(self, item: RateLimitItemPerMinute, caller: Caller, cost: int) -> float:
        """Return when as many points will have come back: when the last one that is in the way is a minute old."""
        key, seconds = item.key_for(str(caller.shop_id)), item.get_expiry()
        taken_at, _ = await self._points.get_moving_window(key, max(1, item.amount - cost + 1), seconds)
        return taken_at + seconds

    async def allow_guess(self, address: str) -> Allowance:
        """Say whether the address may try a key that is not known to be valid."""
        bucket = ("without a key", _network(address))
        with _told_as_unavailable():
            allowed = await self._strategy.test(self._refusals, *bucket)
            stats = await self._strategy.get_window_stats(self._refusals, *bucket)
        return Allowance(allowed, self._refusals.amount, stats.remaining, stats.reset_time)

    async def note_refusal(self, address: str) -> None:
        """Count a call without a valid key."""
        with _told_as_unavailable():
            await self._strategy.hit(self._refusals, "without a key", _network(address))


@contextmanager
def _told_as_unavailable() -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        raise Unavailable from error


def _network(address: str) -> str:
    """Return what one caller holds: an IPv4 address, or the 64 bits that an IPv6 host can choose its own from."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address  # a Unix socket's
    return address if parsed.version == 4 else str(ip_network((parsed, 64), strict=False))
