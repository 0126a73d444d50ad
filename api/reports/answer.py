"""Answering a report by one statement: what is published of the shop and all blocks, from one snapshot of one build."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec

from api.reports.blocks import Block
from api.reports.contract import Invalid, Request, offers_named, resolve
from api.reports.missing_rates import MissingRate, missing_rate_statement
from api.reports.parameters import MAX_LAG
from api.reports.published import (
    BUILD_EXPRESSION,
    OFFERS_EXPRESSION,
    Connection,
    Published,
    read_offers,
    read_published,
    tenant_statement,
)
from api.reports.query import FILTER_COLUMNS, ReportQuery, Shape
from api.reports.report import Report
from api.reports.scope import Statement

_STATEMENTS_KEPT = 500
_FILTERS = ("offer_id", "offer_ids", *FILTER_COLUMNS)


@dataclass(frozen=True)
class Answer:
    """A report's body but for its freshness, and what was published when it was computed.

    Attributes:
        head, tail: JSON before and behind the block `freshness`.
        last: the window's last day.
        max_lag: most seconds of lag that the request allows; None: any.
        published: as the answer's own snapshot saw it.
    """

    head: bytes
    tail: bytes
    last: date
    max_lag: int | None
    published: Published
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        """Take the digest once: the answer may be sent often."""
        object.__setattr__(self, "digest", blake2b(self.head + self.tail, digest_size=12).hexdigest())

    def body(self, published: Published, stale_seconds: float) -> bytes:
        """Return the body (spec: api.md, Reads), as fresh as `published`, which must be of the same version."""
        incomplete = b',"incomplete":true' if self.last >= published.build.as_of_day else b""
        return b"".join((self.head, msgspec.json.encode(published.freshness(stale_seconds)), incomplete, self.tail))

    def etag(self, published: Published, stale_seconds: float) -> str:
        """Return a tag of the body. A weak one: a lag may differ until it makes the answer stale; then it is in it."""
        build = published.build
        instants = (build.as_of, build.built_at, build.reconciled_at)
        state = [self.digest, build.build_id, *(f"{at.timestamp():.6f}" if at else "" for at in instants)]
        if published.replica_lag_seconds >= stale_seconds:
            state.append(published.replica_lag_seconds)
        return f'W/"{"-".join(map(str, state))}"'


async def resolve_published(connection: Connection, request: Request, shop_id: UUID) -> tuple[Published, ReportQuery]:
    """Return what is published of a shop, and the request as a query of it.

    Raises:
        NotBuilt: nothing is published for the shop yet.
        Invalid: the request doesn't fit the shop.
        Lagging: the replica lags behind by more than the request allows.
    """
    published, own_offers = await read_published(connection, shop_id, offers_named(request))
    query = resolve(request, published.shop, published.metrics, own_offers)
    published.refuse_lag(request.values.get(MAX_LAG.name))
    return published, query


async def answer(connection: Connection, request: Request, shop_id: UUID, assumed: Published | None = None) -> Answer:
    """Compute a report.

    Args:
        connection: to the replica.
        request: checked parameters.
        shop_id: the tenant.
        assumed: what was published some time ago. While it still is, and the offers named are the shop's, one
            statement answers; it tells itself whether they are.

    Raises:
        NotBuilt, Invalid, Lagging: as `resolve_published` does.
        MissingRate: the answer would show an amount that no exchange rate converts.
    """
    while True:
        if assumed is None:
            assumed, query = await resolve_published(connection, request, shop_id)
        else:
            try:
                query = resolve(request, assumed.shop, assumed.metrics, offers_named(request))
            except Invalid:
                assumed = None
                continue
        found = await _compute(connection, request, query, assumed)
        if found is not None:
            return found
        assumed = None


async def _compute(connection: Connection, request: Request, query: ReportQuery, assumed: Published) -> Answer | None:
    """Return the answer, or None if what was assumed is not so."""
    shop_id, offers = query.shop.shop_id, query.offer_ids
    statement = _statement(request.report, query.shape, assumed.build.lacks_rates)
    asked_at = time.monotonic()
    told = await connection.fetchval(statement.text, *statement.values(query))
    build, own_offers, missing_rate, *blocks = told
    published = Published.of(shop_id, build, assumed.metrics, asked_at)
    if published.version != assumed.version or read_offers(own_offers) != frozenset(offers):
        return None
    if missing_rate is not None:
        raise MissingRate(query.currency, *msgspec.json.decode(missing_rate, type=tuple[str, str]))
    max_lag = request.values.get(MAX_LAG.name)
    return Answer(_head(request, query), _tail(request, query, blocks), query.window.last, max_lag, published)


@lru_cache(maxsize=_STATEMENTS_KEPT)
def _statement(report: Report, shape: Shape, lacks_rates: bool) -> Statement:
    has_offers = shape.has_offer or shape.has_offers
    return tenant_statement(
        [
            BUILD_EXPRESSION,
            OFFERS_EXPRESSION if has_offers else "null",
            _missing_rate_expression(report, shape) if lacks_rates else "null",
            *(block.json_expression(shape) for block in report.blocks),
        ]
    )


def _missing_rate_expression(report: Report, shape: Shape) -> str:
    statement = missing_rate_statement(report.blocks, shape)
    if statement is None:
        return "null"
    return f"select json_build_array(order_currency, rate_on) from ({statement}) as missing"


def page_meta(total: int, page: int, per_page: int) -> dict[str, int]:
    """Return which page of a list it is (spec: api.md, Reads)."""
    return {"total_count": total, "page": page, "per_page": per_page, "total_pages": -(-total // per_page)}


async def refuse_missing_rates(connection: Connection, request: Request, query: ReportQuery) -> None:
    """Raise MissingRate if the report would show an amount that no exchange rate converts."""
    statement = Statement.of(f"select ({_missing_rate_expression(request.report, query.shape)})::text")
    missing_rate = await connection.fetchval(statement.text, *statement.values(query))
    if missing_rate is not None:
        raise MissingRate(query.currency, *msgspec.json.decode(missing_rate, type=tuple[str, str]))


def _head(request: Request, query: ReportQuery) -> bytes:
    told = {
        "window": {"from": query.window.first, "to": query.window.last},
        "currency": query.currency,
        "timezone": query.shop.timezone,
        "filters": {name: request.values[name] for name in _FILTERS if name in request.values},
    }
    return msgspec.json.encode(told)[:-1] + b',"freshness":'


def _tail(request: Request, query: ReportQuery, values: list[str]) -> bytes:
    echoes = {name: _echo(query, name) for name in request.report.echoes}
    parts = [msgspec.json.encode(echoes)[1:-1].decode()] if echoes else []
    for block, value in zip(request.report.blocks, values, strict=True):
        parts.extend(_members(block, query, value))
    return ("," + ",".join(parts) + "}").encode()


def _members(block: Block, query: ReportQuery, value: str) -> Iterator[str]:
    """Tell a block, and behind a page which one it is: its rows come with the number of all of them."""
    if not block.paged:
        yield f'"{block.key}":{value}'
        return
    total, rows = msgspec.json.decode(value, type=tuple[int, msgspec.Raw])
    meta = page_meta(total, query.page, query.per_page)
    yield f'"{block.key}":{bytes(rows).decode()}'
    yield f'"meta":{msgspec.json.encode(meta).decode()}'


def _echo(query: ReportQuery, name: str) -> Any:
    if name == "metrics":
        return list(query.chosen_metrics or query.metrics.names)
    return getattr(query, name)
