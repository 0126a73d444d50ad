"""The export runs' connections: reports from the replica, job records on the primary."""

import asyncio
import time

import asyncpg

from api.servers import freshest
from orchestration.settings import required

_CONNECT_SECONDS = 5
_RECORD_SECONDS = 10
_RESTART_SECONDS = 30


async def connect_to_reports() -> asyncpg.Connection:
    """Connect to the replica, of several to the one that lags least, waiting some seconds for one that restarts.

    Its statements may take as long as needed.

    Raises:
        asyncpg.PostgresError, OSError: it does not come.
    """
    deadline = time.monotonic() + _RESTART_SECONDS
    while True:
        try:
            return await asyncpg.connect(
                await freshest(required("PREORDERS_EXPORTS_REPLICA_DSN")),
                timeout=_CONNECT_SECONDS,
                server_settings={"application_name": "preorders-exports", "timezone": "UTC"},
            )
        except (asyncpg.PostgresError, OSError):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(1)


def job_records() -> asyncpg.Pool:
    """Return connections to the primary, made anew when it was lost; to be entered with `async with`."""
    return asyncpg.create_pool(
        required("PREORDERS_EXPORTS_PRIMARY_DSN"),
        min_size=1,
        max_size=2,
        timeout=_CONNECT_SECONDS,
        command_timeout=_RECORD_SECONDS,
        server_settings={"application_name": "preorders-exports jobs"},
    )
