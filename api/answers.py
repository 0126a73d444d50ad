"""Answers of reports: kept in memory, and told again for as long as they are those of the latest build.

What an answer shows changes with a publication, and where no window was asked for, with the shop's calendar day; never
else. So a kept answer is right if the build is the one that it was computed from, as the replica told at most half a
second ago.
"""

import time
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import asyncpg
from cachetools import LRUCache

from api.database import Unavailable, read
from api.reports.answer import Answer, answer
from api.reports.contract import check, decode_query
from api.reports.published import Published, read_published
from api.reports.report import Report
from api.servers import Connection, Servers

# A new build is shown within a second of its arrival on the replica: half of it is left for answering.
_FRESH_SECONDS = 0.5
_SHOPS_KEPT = 10_000
_OVERHEAD_BYTES = 1000

Key = tuple[UUID, str, bytes]


@dataclass(frozen=True)
class Told:
    """An answer as it is told now: its body, as JSON, and its tag."""

    body: bytes
    etag: str


class Answers:
    """The answers that one process gives."""

    def __init__(self, replica: Servers, most_bytes: int, stale_seconds: float) -> None:
        """Keep answers of at most so many bytes; call them stale from so many seconds of lag on."""
        self._replica, self._stale_seconds = replica, stale_seconds
        self._kept: LRUCache[Key, Answer] = LRUCache(most_bytes, getsizeof=_size)
        self._published: LRUCache[UUID, Published] = LRUCache(_SHOPS_KEPT)
        self._latest_build_id, self._latest_told_at = 0, 0.0

    async def tell(self, shop_id: UUID, report: Report, query_string: bytes) -> Told:
        """Return the answer to a request.

        Raises:
            NotBuilt, Invalid, MissingRate, Lagging: as `answer` does.
            Unavailable: the replica cannot be read; then nothing kept is told either.
        """
        key = (shop_id, report.name, sha256(query_string).digest())
        kept = self._kept.get(key)
        if kept is not None:
            published = await self._read_published(shop_id)
            if published.version == kept.published.version:
                return self._told(kept, published)
        computed = await self._compute(shop_id, report, query_string)
        if _size(computed) <= self._kept.maxsize:
            self._kept[key] = computed
        return self._told(computed, computed.published)

    def _told(self, answer: Answer, published: Published) -> Told:
        published.refuse_lag(answer.max_lag)
        return Told(answer.body(published, self._stale_seconds), answer.etag(published, self._stale_seconds))

    async def _compute(self, shop_id: UUID, report: Report, query_string: bytes) -> Answer:
        request = check(report, *decode_query(report.parameters, query_string))
        assumed = self._published.get(shop_id)
        try:
            computed = await read(self._replica, lambda connection: answer(connection, request, shop_id, assumed))
        except asyncpg.UndefinedColumnError:  # of a metric that has been removed since
            if assumed is None:
                raise
            computed = await read(self._replica, lambda connection: answer(connection, request, shop_id))
        self._remember(shop_id, computed.published)
        return computed

    async def _read_published(self, shop_id: UUID) -> Published:
        published = self._published.get(shop_id)
        if published is None or published.age > _FRESH_SECONDS:

            async def work(connection: Connection) -> Published:
                return (await read_published(connection, shop_id))[0]

            published = await read(self._replica, work)
            self._remember(shop_id, published)
        return published

    def _remember(self, shop_id: UUID, published: Published) -> None:
        """Keep the latest build, and of one build what was asked last.

        Raises:
            Unavailable: another replica has come in, and is behind what was told before.
        """
        latest = published.build.latest_build_id
        if latest < self._latest_build_id:
            if published.asked_at <= self._latest_told_at:
                return  # asked before the later build was told: a slow statement must not bring back an earlier one
            if self._replica.are_several:
                raise Unavailable
        if latest != self._latest_build_id:
            self._latest_build_id, self._latest_told_at = latest, time.monotonic()
        known = self._published.get(shop_id)
        if known is None or known.build.latest_build_id != latest or known.asked_at < published.asked_at:
            self._published[shop_id] = published


def _size(answer: Answer) -> int:
    return len(answer.head) + len(answer.tail) + _OVERHEAD_BYTES
