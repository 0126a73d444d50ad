"""API keys: made, listed and revoked. The key itself is shown once; the database has only its hash."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import class_row

PREFIX = "pre_"
HINT_LENGTH = len(PREFIX) + 6
SCOPES = ("read", "export")
DEFAULT_POINTS_PER_MINUTE = 360
# SQL over `service.api_keys as keys`.
IS_LIVE = "(keys.revoked_at is null and (keys.expires_at is null or keys.expires_at > now()))"
# SQL over `service.rate_limits as limits`, of which a shop may have no row.
POINTS_PER_MINUTE = f"coalesce(limits.points_per_minute, {DEFAULT_POINTS_PER_MINUTE})"

Connection = psycopg.Connection[Any]


class KeyProblem(Exception):
    """A key could not be made, found or revoked; the message says why."""


@dataclass(frozen=True)
class ApiKey:
    """What may be shown of a key; `points_per_minute` is its shop's limit."""

    api_key_id: int
    shop_id: UUID
    hint: str
    scopes: list[str]
    points_per_minute: int
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_on: date | None
    is_live: bool


def generate_key() -> str:
    """A new key: a prefix that secret scanners can look for, and 32 random bytes."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_key(key: str) -> bytes:
    """What is stored of a key. A plain hash will do: 256 random bits can't be guessed, salted or not."""
    return hashlib.sha256(key.encode()).digest()


def create_key(
    connection: Connection,
    shop_id: UUID,
    *,
    scopes: Sequence[str] = SCOPES,
    rate_limit: int | None = None,
    expires_in_days: int | None = None,
) -> str:
    """Make a key for the shop and return it; it can't be read again.

    Args:
        rate_limit: points in a minute, for all keys of the shop; None leaves the shop's limit as it is.
        expires_in_days: counted by the database's clock; None: it does not expire.

    Raises:
        KeyProblem: an argument is out of range.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        given = ", ".join(unknown) or "none"
        raise KeyProblem(f"scopes must be one or more of {', '.join(SCOPES)}, not {given}")
    if rate_limit is not None and not 1 <= rate_limit <= 1_000_000_000:
        raise KeyProblem(f"rate limit must be from 1 to 1000000000 points in a minute, not {rate_limit}")
    if expires_in_days is not None and not 1 <= expires_in_days <= 36_500:
        raise KeyProblem(f"days to expiry must be from 1 to 36500, not {expires_in_days}")
    key = generate_key()
    with connection.transaction():
        _insert_key(connection, shop_id, hash_key(key), key[:HINT_LENGTH], scopes, expires_in_days)
        if rate_limit is not None:
            connection.execute(
                """
                insert into service.rate_limits (shop_id, points_per_minute) values (%s, %s)
                on conflict (shop_id) do update set points_per_minute = excluded.points_per_minute
                """,
                [shop_id, rate_limit],
            )
    return key


def rotate_keys(
    connection: Connection, shop_id: UUID, key_hash: bytes, hint: str, *, grace_hours: int
) -> tuple[ApiKey, list[ApiKey]]:
    """Add a key by its hash, made elsewhere, with the scopes of the newest live one; let the live ones end soon.

    Args:
        key_hash: SHA-256 of the key, so that whoever rotates keys need not hold them.
        hint: the key's first characters.
        grace_hours: for how long the keys before are taken too; one that ends earlier still does.

    Returns:
        The new key and those that end, as they are now.

    Raises:
        KeyProblem: the shop has no live key, or the new one is known already, or an argument is out of range.
    """
    if len(key_hash) != hashlib.sha256().digest_size:
        raise KeyProblem("the hash must be a SHA-256: 64 hexadecimal digits")
    if len(hint) != HINT_LENGTH or not hint.startswith(PREFIX):
        raise KeyProblem(f"the hint must be the key's first {HINT_LENGTH} characters, which begin with {PREFIX}")
    if not 0 <= grace_hours <= 24 * 90:
        raise KeyProblem(f"hours of grace must be from 0 to 2160, not {grace_hours}")
    with connection.transaction():
        ending = [key for key in list_keys(connection) if key.shop_id == shop_id and key.is_live]
        if not ending:
            raise KeyProblem(f"shop {shop_id} has no live key to rotate; make one with `preorders keys create`")
        if connection.execute("select from service.api_keys where key_hash = %s", [key_hash]).fetchone() is not None:
            raise KeyProblem("that key is there already; generate another")
        added_id = _insert_key(connection, shop_id, key_hash, hint, ending[0].scopes, None)
        connection.execute(
            """
            update service.api_keys
            set expires_at = least(expires_at, now() + make_interval(hours => %s))
            where api_key_id = any(%s)
            """,
            [grace_hours, [key.api_key_id for key in ending]],
        )
        after = {key.api_key_id: key for key in list_keys(connection)}
    return after[added_id], [after[key.api_key_id] for key in ending]


def list_keys(connection: Connection) -> list[ApiKey]:
    """All keys, those of each shop together, the newest first."""
    return _read_keys(connection, "order by keys.shop_id, keys.api_key_id desc")


def revoke_key(connection: Connection, id_or_hint: str) -> ApiKey:
    """Revoke one key; one that was revoked before keeps its first time.

    Raises:
        KeyProblem: no key has that id or hint, or several live ones have that hint.
    """
    by_id = id_or_hint.isdecimal() and len(id_or_hint) < 19
    with connection.transaction():
        found = _read_keys(
            connection,
            "where keys.api_key_id = %s" if by_id else "where keys.hint = %s",
            [int(id_or_hint) if by_id else id_or_hint],
        )
        live = [key for key in found if key.revoked_at is None]
        if not found:
            raise KeyProblem(f"no key has the id or hint {id_or_hint}")
        if len(live) > 1:
            ids = ", ".join(str(key.api_key_id) for key in live)
            raise KeyProblem(f"several keys have the hint {id_or_hint}; give one of the ids {ids}")
        chosen = (live or found)[0]
        connection.execute(
            "update service.api_keys set revoked_at = now() where api_key_id = %s and revoked_at is null",
            [chosen.api_key_id],
        )
    return chosen


def is_live(connection: Connection, key: str) -> bool:
    """Whether the key would be accepted now."""
    return any(found.is_live for found in _read_keys(connection, "where keys.key_hash = %s", [hash_key(key)]))


def _insert_key(
    connection: Connection, shop_id: UUID, key_hash: bytes, hint: str, scopes: Sequence[str], days: int | None
) -> int:
    row = connection.execute(
        """
        insert into service.api_keys (shop_id, key_hash, hint, scopes, expires_at)
        values (%s, %s, %s, %s, now() + make_interval(days => %s))
        returning api_key_id
        """,
        [shop_id, key_hash, hint, list(scopes), days],
    ).fetchone()
    assert row is not None
    return int(row[0])


def _read_keys(connection: Connection, rest: LiteralString, values: Sequence[object] = ()) -> list[ApiKey]:
    query: LiteralString = f"""
        select
            keys.api_key_id,
            keys.shop_id,
            keys.hint,
            keys.scopes,
            {POINTS_PER_MINUTE} as points_per_minute,
            keys.created_at,
            keys.expires_at,
            keys.revoked_at,
            keys.last_used_on,
            {IS_LIVE} as is_live
        from service.api_keys as keys
        left join service.rate_limits as limits on limits.shop_id = keys.shop_id
    """
    with connection.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(query + rest, values).fetchall()
