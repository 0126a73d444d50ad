"""API keys: the key alone decides the shop (spec: api.md, Common)."""

import hmac
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from litestar.connection import ASGIConnection
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from api.database import Connection, Unavailable, read
from api.keys import hash_key
from api.servers import Servers

DEFAULT_POINTS_PER_MINUTE = 360
_LONGEST_KEY = 200
_LIVE_KEY_SQL = """
    select keys.key_hash, keys.shop_id, keys.scopes, limits.points_per_minute,
        extract(epoch from keys.expires_at - now())::float8 as seconds_left
    from service.api_keys as keys
    left join service.rate_limits as limits on limits.shop_id = keys.shop_id
    where keys.key_hash = $1 and keys.revoked_at is null and (keys.expires_at is null or keys.expires_at > now())
"""


class Unauthenticated(Exception):
    """No key, or one that is unknown, expired or revoked: all alike."""


@dataclass(frozen=True)
class Caller:
    """Who calls: a shop, what its key may do, and how often."""

    shop_id: UUID
    scopes: frozenset[str]
    points_per_minute: int


def needs_scope(scope: str) -> Guard:
    """Return a guard that refuses keys without the scope, `read` or `export`."""

    def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        if scope not in connection.scope["state"]["caller"].scopes:
            raise PermissionDeniedException(f"X-Auth-Token must have the scope {scope}")

    return guard


class Authenticator:
    """Checks keys on the primary, and on the replica while the primary cannot be reached."""

    def __init__(self, primary: Servers, replica: Servers, cache_seconds: float) -> None:
        self._primary, self._replica, self._cache_seconds = primary, replica, cache_seconds
        self._trusted: dict[bytes, tuple[float, Caller]] = {}

    async def caller(self, keys: list[str]) -> Caller:
        """Return who the request's `X-Auth-Token` headers stand for.

        Raises:
            Unauthenticated: not exactly one live key.
            Unavailable: neither server can tell.
        """
        if len(keys) != 1 or not 0 < len(keys[0]) <= _LONGEST_KEY:
            raise Unauthenticated
        digest = hash_key(keys[0])
        self._trusted.pop(digest, None)
        trusted_until, caller = await self._look_up(digest)
        self._trusted[digest] = trusted_until, caller
        return caller

    def known_caller(self, keys: list[str]) -> Caller | None:
        """Return who the headers stand for if that was looked up lately."""
        if len(keys) != 1:
            return None
        trusted_until, caller = self._trusted.get(hash_key(keys[0]), (0.0, None))
        return caller if trusted_until >= time.monotonic() else None

    async def _look_up(self, digest: bytes) -> tuple[float, Caller]:
        async def find(connection: Connection) -> asyncpg.Record | None:
            return await connection.fetchrow(_LIVE_KEY_SQL, digest)

        try:
            row = await read(self._primary, find)
        except Unavailable:
            row = await read(self._replica, find)
        if row is None or not hmac.compare_digest(row["key_hash"], digest):
            raise Unauthenticated
        seconds = self._cache_seconds
        if row["seconds_left"] is not None:
            seconds = min(seconds, row["seconds_left"])
        points = row["points_per_minute"] or DEFAULT_POINTS_PER_MINUTE
        return time.monotonic() + seconds, Caller(row["shop_id"], frozenset(row["scopes"]), points)
