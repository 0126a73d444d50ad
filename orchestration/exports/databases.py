"""The export runs' connections: reports from the replica, job records on the primary."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from api.servers import answers, freshest
from orchestration.settings import required

_CONNECT_SECONDS = 5
_RECORD_SECONDS = 10
_RESTART_SECONDS = 30
_LISTEN_EVERY_SECONDS = 5.0


@asynccontextmanager
async def reports_connection() -> AsyncIterator[asyncpg.Connection]:
    """Connect to the replica, of several to the one that lags least, waiting some seconds for one that restarts.

    Its statements may take as long as needed, while the server answers others: one that hangs, or is cut off, closes no
    connection, so this one is closed here.

    Raises:
        asyncpg.PostgresError, asyncpg.InterfaceError, OSError: it does not come, or was lost.
    """
    connection, dsn = await _connect_to_replica()
    listening = asyncio.create_task(_close_when_silent(connection, dsn))
    try:
        yield connection
    finally:
        listening.cancel()
        connection.terminate()


async def _close_when_silent(connection: asyncpg.Connection, dsn: str) -> None:
    while await answers(dsn) or await answers(dsn):  # a machine that is busy may miss one
        await asyncio.sleep(_LISTEN_EVERY_SECONDS)
    connection.terminate()


async def _connect_to_replica() -> tuple[asyncpg.Connection, str]:
    """Return a connection, and the DSN of its server."""
    deadline = time.monotonic() + _RESTART_SECONDS
    while True:
        dsn = await freshest(required("PREORDERS_EXPORTS_REPLICA_DSN"))
        try:
            connection = await asyncpg.connect(
                dsn,
                timeout=_CONNECT_SECONDS,
                server_settings={"application_name": "preorders-exports", "timezone": "UTC"},
            )
            return connection, dsn
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
