"""Rate limits by shop: points in a moving minute, a read costs 1, a write 2 (spec: api.md, Common)."""

import math
import time
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.aio.strategies import MovingWindowRateLimiter
from limits.storage import storage_from_string

from api.authentication import Caller

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

    def __init__(self, storage: str) -> None:
        """Use the storage of a `limits` URL, such as `memory://` or `redis://..`."""
        self._strategy = MovingWindowRateLimiter(storage_from_string(f"async+{storage}"))

    async def spend(self, caller: Caller, cost: int) -> Allowance:
        """Take the points of one call, if they are there."""
        item = RateLimitItemPerMinute(caller.points_per_minute)
        allowed = await self._strategy.hit(item, str(caller.shop_id), cost=cost)
        stats = await self._strategy.get_window_stats(item, str(caller.shop_id))
        return Allowance(allowed, caller.points_per_minute, stats.remaining, stats.reset_time)
