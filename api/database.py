"""Connections to the primary and the replica: bounded waits, one retry, one snapshot and one tenant a read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from uuid import UUID

import asyncpg

_CONNECT_SECONDS = 2
_ACQUIRE_SECONDS = 2
_STATEMENT_SECONDS = 10
_IDLE_SECONDS = 60

Answer = TypeVar("Answer")
Connection = asyncpg.pool.PoolConnectionProxy

# A plan made before a column was added; a reader in the way of recovery; a server that went away.
_PASSING = (
    asyncpg.InvalidCachedStatementError,
    asyncpg.SerializationError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.InterfaceError,
    OSError,
)
_FINAL = (asyncpg.QueryCanceledError, asyncpg.TooManyConnectionsError, asyncpg.CannotConnectNowError, TimeoutError)


class Unavailable(Exception):
    """The database cannot be reached, or took too long."""


async def connect(dsn: str, pool_size: int, application_name: str) -> asyncpg.Pool:
    """Return a pool that opens its connections when they are needed: the API starts without its databases."""
    return await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=pool_size,
        timeout=_CONNECT_SECONDS,
        command_timeout=_STATEMENT_SECONDS,
        max_inactive_connection_lifetime=_IDLE_SECONDS,
        server_settings={"application_name": application_name, "timezone": "UTC"},
    )


async def read(pool: asyncpg.Pool, work: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    """Do some reading on a connection; once more on a new one if the first was lost.

    Raises:
        Unavailable: both were lost, or the server was too slow.
    """
    try:
        return await _attempt(pool, work)
    except _PASSING:
        await pool.expire_connections()
    except _FINAL as error:
        raise Unavailable from error
    try:
        return await _attempt(pool, work)
    except (*_PASSING, *_FINAL) as error:
        raise Unavailable from error


async def _attempt(pool: asyncpg.Pool, work: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    async with pool.acquire(timeout=_ACQUIRE_SECONDS) as connection:
        return await work(connection)


@asynccontextmanager
async def snapshot(connection: Connection, shop_id: UUID) -> AsyncIterator[Connection]:
    """Enter one snapshot of one build, in which row-level security shows this shop's rows alone."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("select set_config('preorders.shop_id', $1, true)", str(shop_id))
        yield connection


async def answers(pool: asyncpg.Pool) -> bool:
    """Return whether the server answers soon."""

    async def ping(connection: Connection) -> bool:
        return bool(await connection.fetchval("select true"))

    try:
        return await asyncio.wait_for(read(pool, ping), _CONNECT_SECONDS)
    except (Unavailable, TimeoutError):
        return False
