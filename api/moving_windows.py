"""Moving windows in the memory of one process, for `limits`."""

import time
from collections import deque
from collections.abc import Callable
from math import inf

from cachetools import TTLCache
from limits.aio.storage import MemoryStorage

# longer than any window: what nobody has taken from for so long is forgotten
_FORGOTTEN_AFTER_SECONDS = 120


class MovingWindows(MemoryStorage):
    """Points by the time at which they were taken: in constant time a call, however many a window holds.

    The library's own storage copies a window's points, and starts a thread, with each call: a shop that may take
    100,000 a minute would wait for that longer than for its report.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Use a clock of Unix time, in seconds."""
        super().__init__(wrap_exceptions=True)
        self._clock = clock
        self._windows: TTLCache[str, deque[float]] = TTLCache(inf, _FORGOTTEN_AFTER_SECONDS, timer=clock)

    @property
    def windows_held(self) -> int:
        """Number of windows in memory."""
        return len(self._windows)

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take points, all or none; return whether they were there. The window's length is in seconds."""
        window = self._window(key, expiry)
        if len(window) + amount > limit:
            return False
        window.extend([self._clock()] * amount)
        self._windows[key] = window
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the oldest of the last `limit` points was taken (Unix time; now if none), and their number."""
        window = self._window(key, expiry)
        return (window[max(0, len(window) - limit)] if window else self._clock()), min(len(window), limit)

    def _window(self, key: str, expiry: int) -> deque[float]:
        window = self._windows.get(key, deque())
        oldest = self._clock() - expiry
        while window and window[0] < oldest:
            window.popleft()
        return window
