"""What lives as long as the API does: pools, caches of answers and keys, rate limiter, launcher, heartbeat."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.answers import Answers
from api.authentication import Authenticator
from api.heartbeat import beat
from api.launcher import Launcher
from api.prometheus import ProcessMetrics
from api.rate_limit import RateLimiter
from api.servers import Servers, open_servers
from api.settings import Settings

# Of sessions that read reports.
REPORT_SETTINGS = {
    # a report's statement takes longer to plan than to run
    "plan_cache_mode": "force_generic_plan",
    # A statement that sets the tenant is planned before it does. This shop has no rows, so one that forgot to set it
    # would read nothing. Elsewhere there is no tenant before one is set, and row-level security raises.
    "preorders.shop_id": "00000000-0000-0000-0000-000000000000",
}


class Services:
    """Opened with the application, closed with it."""

    primary: Servers
    replica: Servers
    answers: Answers
    authenticator: Authenticator
    rate_limiter: RateLimiter
    metrics: ProcessMetrics
    launcher: Launcher

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Open all, and keep the heartbeat and the watch over replicas going until the end."""
        settings = self._settings
        self.primary = await open_servers(settings.primary_dsn, settings.pool_size, "preorders-api")
        self.replica = await open_servers(
            settings.replica_dsn, settings.pool_size, "preorders-api reports", **REPORT_SETTINGS
        )
        self.answers = Answers(self.replica, settings.answer_cache_bytes, settings.stale_seconds)
        self.authenticator = Authenticator(self.primary, self.replica, settings.key_cache_seconds)
        self.rate_limiter = RateLimiter(settings.rate_limit_storage, settings.refusals_per_minute)
        self.metrics = ProcessMetrics(self.primary, self.replica, settings.stale_seconds)
        self.launcher = Launcher(settings.dagster_url)
        work = (beat(self.primary), self.primary.watch(), self.replica.watch())
        tasks = [asyncio.create_task(one) for one in work]
        # what is there now stays: it need not be looked at again by each collection of garbage, while all callers wait
        gc.collect()
        gc.freeze()
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.launcher.close()
            await asyncio.gather(self.primary.close(), self.replica.close())
