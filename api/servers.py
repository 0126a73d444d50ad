"""The servers of a DSN: one, or several replicas that stand in for one another. One of them is read at a time."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from math import inf
from urllib.parse import urlsplit

import asyncpg

_CONNECT_SECONDS = 2
_STATEMENT_SECONDS = 10
_IDLE_SECONDS = 60
_STATEMENTS_KEPT = 200
_LOOK_EVERY_SECONDS = 1.0
_LOOK_SECONDS = 2.0
_LAGGING_SECONDS = 5.0
# So that a server that says nothing more costs a caller less than 3 seconds: half of one, one and one.
_LISTEN_EVERY_SECONDS = 0.5
_LONG_SECONDS = 1.0
_SILENT_SECONDS = 1.0
LAG_SQL = "select extract(epoch from clock_timestamp() - beat_at)::float8 from service.heartbeat"

# What a server that is away, or goes away meanwhile, makes of a connection.
_REFUSED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

Connection = asyncpg.pool.PoolConnectionProxy
_logger = logging.getLogger(__name__)


class Servers:
    """Connection pools by DSN, and which of them is in use.

    That is kept until its server is lost or lags, so that answers don't go back and forth in time.
    """

    def __init__(self, pools: Mapping[str, asyncpg.Pool]) -> None:
        """Begin with any one: the processes of a fleet share the load."""
        self._pools = dict(pools)
        self._lags = dict.fromkeys(pools, 0.0)
        self._under_way: dict[Connection, tuple[asyncpg.Pool, float]] = {}
        self.pool = random.choice(list(pools.values()))
        self.is_silent = False

    @property
    def are_several(self) -> bool:
        """Whether there is another one to go on with."""
        return len(self._pools) > 1

    def leave(self, pool: asyncpg.Pool) -> bool:
        """Go on with the next best server; return whether there is one."""
        if self.pool is pool and self.are_several:
            others = [dsn for dsn, other in self._pools.items() if other is not pool]
            self.pool = self._pools[min(others, key=self._lags.__getitem__)]
        return self.are_several

    @contextmanager
    def noted(self, pool: asyncpg.Pool, connection: Connection) -> Iterator[None]:
        """Note that there is work under way, which ends if the server turns out to be silent."""
        self._under_way[connection] = pool, time.monotonic()
        try:
            yield
        finally:
            del self._under_way[connection]

    async def watch(self) -> None:
        """Leave out servers that are lost or lag, and wait for none that is silent, until cancelled."""
        await asyncio.gather(_kept_going(self._watch_lags), _kept_going(self._watch_silence))

    async def _watch_silence(self) -> None:
        """See whether a server that takes long still answers others: one that hangs, or is cut off, closes nothing."""
        while True:
            await asyncio.sleep(_LISTEN_EVERY_SECONDS)
            since = time.monotonic() - _LONG_SECONDS
            slow = {pool for pool, began in self._under_way.values() if began < since}
            for dsn, pool in self._pools.items():
                if pool not in slow and not (self.is_silent and pool is self.pool):
                    continue
                if await answers(dsn):
                    self.is_silent = self.is_silent and pool is not self.pool
                    continue
                _logger.warning("a server is silent; nothing waits for it until it answers")
                for connection in [one for one, (its_pool, _) in self._under_way.items() if its_pool is pool]:
                    connection.terminate()
                self.is_silent = not self.leave(pool)

    async def _watch_lags(self) -> None:
        while self.are_several:
            self._lags = dict(zip(self._pools, await asyncio.gather(*map(_lag, self._pools)), strict=True))
            lag = next(self._lags[dsn] for dsn, pool in self._pools.items() if pool is self.pool)
            if lag > min(self._lags.values()) + _LAGGING_SECONDS:
                _logger.warning("a replica is left out: it lags by %.1f seconds, or cannot be reached", lag)
                self.leave(self.pool)
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))


async def _kept_going(watch: Callable[[], Awaitable[None]]) -> None:
    """Begin a watch anew that an error ends: nothing else would notice that nobody watches any more."""
    while True:
        try:
            return await watch()
        except Exception:
            _logger.exception("a watch over servers failed; it goes on")
            await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def open_servers(dsn: str, pool_size: int, application_name: str, **settings: str) -> Servers:
    """Return the servers of a DSN, such as `postgresql://role:password@one:5432,two:5432/preorders`.

    Args:
        settings: of each session, by the names that PostgreSQL gives them.
    """
    settings = {"application_name": application_name, "timezone": "UTC", **settings}
    return Servers({host: await _open_pool(host, pool_size, settings) for host in split_hosts(dsn)})


def split_hosts(dsn: str) -> list[str]:
    """Return a DSN for each of the hosts that a DSN names."""
    parts = urlsplit(dsn)
    role, at, hosts = parts.netloc.rpartition("@")
    return [parts._replace(netloc=f"{role}{at}{host}").geturl() for host in hosts.split(",")]


async def freshest(dsn: str) -> str:
    """Return the DSN of that one of a DSN's servers which lags least now."""
    hosts = split_hosts(dsn)
    if len(hosts) == 1:
        return dsn
    return min(zip(await asyncio.gather(*map(_lag, hosts)), hosts, strict=True))[1]


async def _lag(dsn: str) -> float:
    """Return the age of the heartbeat on a server; infinite if it doesn't answer a connection of its own soon."""
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            connection = await asyncpg.connect(dsn)
            try:
                lag: float = await connection.fetchval(LAG_SQL)
                return lag
            finally:
                connection.terminate()
    except _REFUSED:
        return inf


async def answers(dsn: str) -> bool:
    """Return whether a server says anything soon to who connects, if only that it refuses."""
    try:
        async with asyncio.timeout(_SILENT_SECONDS):
            (await asyncpg.connect(dsn)).terminate()
    except TimeoutError:
        return False
    except _REFUSED:
        pass
    return True


async def _open_pool(dsn: str, pool_size: int, settings: Mapping[str, str]) -> asyncpg.Pool:
    """Return a pool that opens its connections when they are needed: the API starts without its databases."""
    return await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=pool_size,
        timeout=_CONNECT_SECONDS,
        command_timeout=_STATEMENT_SECONDS,
        max_inactive_connection_lifetime=_IDLE_SECONDS,
        server_settings=dict(settings),
        statement_cache_size=_STATEMENTS_KEPT,
        max_cached_statement_lifetime=0,
        max_cacheable_statement_size=0,
        reset=_leave_as_it_is,
    )


async def _leave_as_it_is(_: asyncpg.Connection) -> None:
    """Spare a round trip: settings here end with their transaction, and nothing is listened to or locked."""
