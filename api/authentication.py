"""API keys: the key alone decides the shop (spec: api.md, Common)."""

import asyncio
import hmac
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from litestar.connection import ASGIConnection
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from api.database import Unavailable, read
from api.keys import IS_LIVE, POINTS_PER_MINUTE, hash_key
from api.servers import Connection, Servers

KEY_HEADER = "X-Auth-Token"
_LONGEST_KEY = 200
_LIVE_KEY_SQL = f"""
    select keys.key_hash, keys.shop_id, keys.scopes, {POINTS_PER_MINUTE} as points_per_minute,
        keys.last_used_on is distinct from current_date as is_new_today,
        extract(epoch from keys.expires_at - now())::float8 as seconds_left
    from service.api_keys as keys
    left join service.rate_limits as limits on limits.shop_id = keys.shop_id
    where keys.key_hash = $1 and {IS_LIVE}
"""
_LIVE_KEYS_SQL = f"select keys.key_hash from service.api_keys as keys where {IS_LIVE}"
_LIST_EVERY_SECONDS = 5
_USED_SQL = "update service.api_keys set last_used_on = current_date where key_hash = $1"


class Unauthenticated(Exception):
    """No key, or one that is unknown, expired or revoked: all alike."""


@dataclass(frozen=True)
class Caller:
    """Who calls: a shop, what its key may do, and how often."""

    shop_id: UUID
    scopes: frozenset[str]
    points_per_minute: int


def keys_given(headers: Iterable[tuple[bytes, bytes]], may_be_bearer: bool = False) -> list[str]:
    """Return the keys that a request's raw headers carry: in `X-Auth-Token`, or, where it may be, as a bearer's."""
    given = [value.decode("latin-1") for name, value in headers if name == KEY_HEADER.lower().encode()]
    if given or not may_be_bearer:
        return given
    tokens = [value.decode("latin-1").split(None, 1) for name, value in headers if name == b"authorization"]
    return [token[1] for token in tokens if len(token) == 2 and token[0].lower() == "bearer"]


def needs_scope(scope: str) -> Guard:
    """Return a guard that refuses keys without the scope, `read` or `export`. One that isn't async gets a thread."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        if scope not in connection.scope["state"]["caller"].scopes:
            raise PermissionDeniedException(f"X-Auth-Token must have the scope {scope}")

    return guard


async def _live_keys(connection: Connection) -> frozenset[bytes]:
    return frozenset(row["key_hash"] for row in await connection.fetch(_LIVE_KEYS_SQL))


class Authenticator:
    """Checks keys on the primary, and on the replica while the primary cannot be reached."""

    def __init__(self, primary: Servers, replica: Servers, cache_seconds: float) -> None:
        self._primary, self._replica, self._cache_seconds = primary, replica, cache_seconds
        self._trusted: dict[bytes, tuple[float, Caller]] = {}
        self._live: frozenset[bytes] = frozenset()
        self._listed_at = -math.inf
        self._listing = asyncio.Lock()

    async def caller(self, keys: list[str]) -> Caller:
        """Return who the request's `X-Auth-Token` headers stand for.

        Raises:
            Unauthenticated: not exactly one live key.
            Unavailable: neither server can tell.
        """
        if len(keys) != 1 or not 0 < len(keys[0]) <= _LONGEST_KEY:
            raise Unauthenticated
        digest = hash_key(keys[0])
        try:
            trusted_until, caller = await self._look_up(digest)
        except Unauthenticated:
            self._trusted.pop(digest, None)
            self._live -= {digest}
            raise
        self._trusted[digest] = trusted_until, caller
        return caller

    def known_caller(self, keys: list[str]) -> Caller | None:
        """Return who the headers stand for if that was looked up lately."""
        if len(keys) != 1:
            return None
        trusted_until, caller = self._trusted.get(hash_key(keys[0]), (-math.inf, None))
        return caller if trusted_until >= time.monotonic() else None

    async def is_listed(self, keys: list[str]) -> bool:
        """Whether the headers' key was valid some seconds ago: then it is no guess.

        Costs a statement every few seconds, however many keys are tried.

        Raises:
            Unavailable: no server can tell.
        """
        if len(keys) != 1:
            return False
        digest = hash_key(keys[0])
        if digest in self._trusted:
            return True
        async with self._listing:
            if digest not in self._live and time.monotonic() - self._listed_at > _LIST_EVERY_SECONDS:
                self._listed_at = time.monotonic()  # also if it fails: those who wait behind would each try
                try:
                    self._live = await read(self._primary, _live_keys)
                except Unavailable:
                    self._live = await read(self._replica, _live_keys)
        return digest in self._live

    async def _look_up(self, digest: bytes) -> tuple[float, Caller]:
        async def find(connection: Connection) -> asyncpg.Record | None:
            return await connection.fetchrow(_LIVE_KEY_SQL, digest)

        try:
            row = await read(self._primary, find)
            if row is not None and row["is_new_today"]:
                await self._note_use(digest)
        except Unavailable:
            row = await read(self._replica, find)
        if row is None or not hmac.compare_digest(row["key_hash"], digest):
            raise Unauthenticated
        seconds = self._cache_seconds
        if row["seconds_left"] is not None:
            seconds = min(seconds, row["seconds_left"])
        return time.monotonic() + seconds, Caller(row["shop_id"], frozenset(row["scopes"]), row["points_per_minute"])

    async def _note_use(self, digest: bytes) -> None:
        async def note(connection: Connection) -> None:
            await connection.execute(_USED_SQL, digest)

        await read(self._primary, note)
