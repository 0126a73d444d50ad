"""Work on the primary and the replica: bounded waits, one retry, and one tenant a transaction."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import asyncpg

from api.reports.published import NotBuilt
from api.servers import Connection, Servers

_ACQUIRE_SECONDS = 2
_READY_SECONDS = 2

Answer = TypeVar("Answer")

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
_LOST = (
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.InternalClientError,  # a connection that was lost while its last work was given up
    OSError,
)
_PASSING = (asyncpg.InvalidCachedStatementError, asyncpg.SerializationError, *_LOST)
_REPORTS_TABLE = 'relation "reports.'


class Unavailable(Exception):
    """The database cannot be reached, or took too long."""


async def read(servers: Servers, work: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    """Do some reading on a connection; once more on a new one, of another server if there is one, if it was lost.

    Raises:
        Unavailable: both were lost, or the server was too slow.
        NotBuilt: the reports' tables are made by the first build.
        asyncpg.PostgresError, asyncpg.InterfaceError: the statement is wrong, or a migration is missing.
    """
    pool = servers.pool
    try:
        return await _attempt(servers, pool, work)
    except _FINAL as error:
        if not isinstance(error, asyncpg.CannotConnectNowError) or not servers.leave(pool):
            raise Unavailable from error
    except asyncpg.UndefinedTableError as error:
        if _REPORTS_TABLE not in str(error):
            raise
        raise NotBuilt from error
    except _PASSING as error:
        await pool.expire_connections()
        if isinstance(error, _LOST):
            servers.leave(pool)
    try:
        return await _attempt(servers, servers.pool, work)
    except (*_FINAL, *_PASSING) as error:
        raise Unavailable from error


async def _attempt(servers: Servers, pool: asyncpg.Pool, work: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    if servers.is_silent:
        raise TimeoutError("the server is silent")
    async with pool.acquire(timeout=_ACQUIRE_SECONDS) as connection:
        with servers.noted(pool, connection):
            try:
                return await work(connection)
            except asyncpg.InterfaceError as error:
                if _is_lost(connection):
                    raise ConnectionResetError("the connection was lost") from error
                raise  # the statement is wrong


def _is_lost(connection: Connection) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # it has left the pool, too
        return True


async def as_tenant(servers: Servers, shop_id: UUID, work: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    """Do work in one transaction in which row-level security shows this shop's rows alone.

    Done once more if the connection was lost, perhaps after it was done: the work must allow for that.

    Raises:
        Unavailable: as `read` does.
    """

    async def attempt(connection: Connection) -> Answer:
        async with connection.transaction():
            await _set_tenant(connection, shop_id)
            return await work(connection)

    return await read(servers, attempt)


async def _set_tenant(connection: Connection, shop_id: UUID) -> None:
    await connection.execute("select set_config('preorders.shop_id', $1, true)", str(shop_id))


async def check_builds(servers: Servers) -> None:
    """Look for a published build.

    Raises:
        Unavailable: the server does not answer soon.
        NotBuilt: there is none.
    """

    async def find(connection: Connection) -> bool:
        return bool(await connection.fetchval("select exists (select from reports.builds)"))

    try:
        is_built = await asyncio.wait_for(read(servers, find), _READY_SECONDS)
    except TimeoutError as error:
        raise Unavailable from error
    if not is_built:
        raise NotBuilt
