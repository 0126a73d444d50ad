"""What lives as long as the API does: pools, caches of answers and keys, rate limiter, launcher, heartbeat."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from api.answers import Answers
from api.authentication import Authenticator
from api.database import connect
from api.heartbeat import beat
from api.launcher import Launcher
from api.rate_limit import RateLimiter
from api.settings import Settings


class Services:
    """Opened with the application, closed with it."""

    primary: asyncpg.Pool
    replica: asyncpg.Pool
    answers: Answers
    authenticator: Authenticator
    rate_limiter: RateLimiter
    launcher: Launcher

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Open all, and keep the heartbeat going until the end."""
        settings = self._settings
        self.primary = await connect(settings.primary_dsn, settings.pool_size, "preorders-api")
        self.replica = await connect(settings.replica_dsn, settings.pool_size, "preorders-api reports")
        self.answers = Answers(self.replica, settings.answer_cache_bytes)
        self.authenticator = Authenticator(self.primary, self.replica, settings.key_cache_seconds)
        self.rate_limiter = RateLimiter(settings.rate_limit_storage, settings.refusals_per_minute)
        self.launcher = Launcher(settings.dagster_url)
        heartbeat = asyncio.create_task(beat(self.primary))
        try:
            yield
        finally:
            heartbeat.cancel()
            with suppress(asyncio.CancelledError):
                await heartbeat
            await self.launcher.close()
            await asyncio.gather(self.primary.close(), self.replica.close())
