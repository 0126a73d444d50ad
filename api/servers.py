"""The servers of a DSN: one, or several replicas that stand in for one another. One of them is read at a time."""

import asyncio
import logging
import random
from collections.abc import Mapping
from math import inf
from urllib.parse import urlsplit

import asyncpg

_CONNECT_SECONDS = 2
_STATEMENT_SECONDS = 10
_IDLE_SECONDS = 60
_STATEMENTS_KEPT = 200
_NO_SHOP = "00000000-0000-0000-0000-000000000000"
_LOOK_EVERY_SECONDS = 1.0
_LOOK_SECONDS = 2.0
_LAGGING_SECONDS = 5.0
LAG_SQL = "select extract(epoch from clock_timestamp() - beat_at)::float8 from service.heartbeat"

_logger = logging.getLogger(__name__)


class Servers:
    """Connection pools by DSN, and which of them is in use.

    That is kept until its server is lost or lags, so that answers don't go back and forth in time.
    """

    def __init__(self, pools: Mapping[str, asyncpg.Pool]) -> None:
        """Begin with any one: the processes of a fleet share the load."""
        self._pools = dict(pools)
        self._lags = dict.fromkeys(pools, 0.0)
        self.pool = random.choice(list(pools.values()))

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

    async def watch(self) -> None:
        """Leave out servers that are lost or lag, until cancelled."""
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


async def open_servers(dsn: str, pool_size: int, application_name: str) -> Servers:
    """Return the servers of a DSN, such as `postgresql://role:password@one:5432,two:5432/preorders`."""
    return Servers({host: await _open_pool(host, pool_size, application_name) for host in split_hosts(dsn)})


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
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return inf


async def _open_pool(dsn: str, pool_size: int, application_name: str) -> asyncpg.Pool:
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
