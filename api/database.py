"""Connections to the primary and the replica: bounded waits, one retry, and one tenant a transaction."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import asyncpg

from api.reports.published import NotBuilt

_CONNECT_SECONDS = 2
_ACQUIRE_SECONDS = 2
_STATEMENT_SECONDS = 10
_IDLE_SECONDS = 60
_STATEMENTS_KEPT = 200
_NO_SHOP = str(UUID(int=0))

Answer = TypeVar("Answer")
Connection = asyncpg.pool.PoolConnectionProxy

# What a new attempt will not mend soon: told at once, for trying again would double the load of a slow server.
_FINAL = (
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.InsufficientResourcesError,  # too many connections, a full disk
    asyncpg.InvalidAuthorizationSpecificationError,  # perhaps another server has taken the port of one that is down
    asyncpg.CannotConnectNowError,
    TimeoutError,
)
# A plan made before a column was added; a reader in the way of recovery; a server that went away. Some of the
# final ones are special cases of these, and of OSError: they must be looked at first.
_PASSING = (
    asyncpg.InvalidCachedStatementError,
    asyncpg.SerializationError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.InterfaceError,
    OSError,
)


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
        server_settings={
            "application_name": application_name,
            "timezone": "UTC",
            # a report's statement takes longer to plan than to run
            "plan_cache_mode": "force_generic_plan",
            # a statement that sets the tenant is planned before it does; this shop has no rows
            "preorders.shop_id": _NO_SHOP,
        },
        statement_cache_size=_STATEMENTS_KEPT,
        max_cached_statement_lifetime=0,
        max_cacheable_statement_size=0,
        reset=_leave_as_it_is,
    )


async def _leave_as_it_is(_: asyncpg.Connection) -> None:
    """Spare a round trip: settings here end with their transaction, and nothing is listened to or locked."""


async def read(pool: asyncpg.Pool, work: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    """Do some reading on a connection; once more on a new one if the first was lost.

    Raises:
        Unavailable: both were lost, or the server was too slow.
        NotBuilt: the tables are made by the first build.
    """
    try:
        return await _attempt(pool, work)
    except _FINAL as error:
        raise Unavailable from error
    except asyncpg.UndefinedTableError as error:
        raise NotBuilt from error
    except asyncpg.DataError:  # an InterfaceError, yet it says that the statement is wrong
        raise
    except _PASSING:
        await pool.expire_connections()
    try:
        return await _attempt(pool, work)
    except (*_FINAL, *_PASSING) as error:
        raise Unavailable from error


async def _attempt(pool: asyncpg.Pool, work: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    async with pool.acquire(timeout=_ACQUIRE_SECONDS) as connection:
        return await work(connection)


async def as_tenant(pool: asyncpg.Pool, shop_id: UUID, work: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    """Do work in one transaction in which row-level security shows this shop's rows alone.

    Done once more if the connection was lost, perhaps after it was done: the work must allow for that.

    Raises:
        Unavailable: as `read` does.
    """

    async def attempt(connection: Connection) -> Answer:
        async with connection.transaction():
            await _set_tenant(connection, shop_id)
            return await work(connection)

    return await read(pool, attempt)


async def _set_tenant(connection: Connection, shop_id: UUID) -> None:
    await connection.execute("select set_config('preorders.shop_id', $1, true)", str(shop_id))


async def check_builds(pool: asyncpg.Pool) -> None:
    """Look for a published build.

    Raises:
        Unavailable: the server does not answer soon.
        NotBuilt: there is none.
    """

    async def find(connection: Connection) -> bool:
        return bool(await connection.fetchval("select exists (select from reports.builds)"))

    try:
        is_built = await asyncio.wait_for(read(pool, find), _CONNECT_SECONDS)
    except TimeoutError as error:
        raise Unavailable from error
    if not is_built:
        raise NotBuilt
