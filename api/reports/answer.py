"""Answering a report: what is published about the shop, then the report's blocks, all from one snapshot."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Protocol
from uuid import UUID

from api.reports.blocks import Block
from api.reports.breakdown import Arguments
from api.reports.contract import Request, offers_named, resolve
from api.reports.metrics import DEFINITIONS_SQL, Metrics
from api.reports.missing_rates import MissingRate, missing_rate_statement
from api.reports.query import ReportQuery, Shop

_PUBLISHED_SQL = """
    select
        shops.currency,
        shops.timezone,
        (now() at time zone shops.timezone)::date as today,
        (builds.as_of at time zone shops.timezone)::date as as_of_day,
        builds.build_id,
        builds.as_of,
        builds.built_at,
        builds.reconciled_at as reconciled,
        round(extract(epoch from clock_timestamp() - heartbeat.beat_at), 1)::float8 as replica_lag_seconds,
        array(
            select array[currency, minor_digits::text]
            from reports.dim_shop_currencies
            where shop_id = shops.shop_id
        ) as currencies
    from reports.dim_shops as shops
    inner join reports.shop_builds as builds on builds.shop_id = shops.shop_id
    cross join service.heartbeat as heartbeat
    where shops.shop_id = $1::uuid
"""
_KNOWN_OFFERS_SQL = "select offer_id from reports.dim_offers where shop_id = $1::uuid and offer_id = any($2::uuid[])"


class Connection(Protocol):
    """What is needed of a connection: asyncpg's, in a transaction with the tenant set."""

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        """Return all rows."""

    async def fetchrow(self, query: str, *values: Any) -> Any:
        """Return the first row, or None."""

    async def execute(self, query: str, *values: Any) -> str:
        """Run a statement; return its tag, such as `UPDATE 1`."""


class NotBuilt(Exception):
    """Nothing is published for this shop yet."""

    def __init__(self) -> None:
        super().__init__("reports are not built yet for this shop; try again after the next build")


@dataclass(frozen=True)
class Published:
    """What is published of a shop, and which build it is.

    Attributes:
        shop, metrics: what reports need to know.
        freshness: as every answer shows it.
        as_of_day: the local day on which the build was up to date, and so the first incomplete one.
    """

    shop: Shop
    metrics: Metrics
    freshness: Mapping[str, Any]
    as_of_day: date


async def read_published(connection: Connection, shop_id: UUID) -> Published:
    """Return what is published of a shop.

    Raises:
        NotBuilt: nothing yet.
    """
    row = await connection.fetchrow(_PUBLISHED_SQL, shop_id)
    if row is None:
        raise NotBuilt
    shop = Shop(
        shop_id=shop_id,
        currency=row["currency"],
        timezone=row["timezone"],
        currencies={currency: int(digits) for currency, digits in row["currencies"]},
        today=row["today"],
    )
    names = ("as_of", "built_at", "build_id", "replica_lag_seconds", "reconciled")
    freshness = {name: instant(row[name]) if isinstance(row[name], datetime) else row[name] for name in names}
    return Published(shop, await read_metrics(connection), freshness, row["as_of_day"])


async def read_metrics(connection: Connection) -> Metrics:
    """Return the metrics as they are published."""
    return Metrics.from_rows(map(dict, await connection.fetch(DEFINITIONS_SQL)))


async def resolve_published(connection: Connection, request: Request, shop_id: UUID) -> tuple[Published, ReportQuery]:
    """Return what is published of a shop, and the request as a query of it.

    Raises:
        NotBuilt: nothing is published for the shop yet.
        Invalid: the request doesn't fit the shop.
    """
    published = await read_published(connection, shop_id)
    offers = offers_named(request)
    known = {row["offer_id"] for row in await connection.fetch(_KNOWN_OFFERS_SQL, shop_id, offers)} if offers else set()
    return published, resolve(request, published.shop, published.metrics, known)


async def answer(connection: Connection, request: Request, shop_id: UUID) -> dict[str, Any]:
    """Return the body of a report (spec: api.md, Reads).

    Args:
        connection: a snapshot with the tenant set, so that all blocks are of one build.
        request: checked parameters.
        shop_id: the tenant.

    Raises:
        NotBuilt, Invalid: as `resolve_published` does.
        MissingRate: the answer would show an amount that no exchange rate converts.
    """
    published, query = await resolve_published(connection, request, shop_id)
    await refuse_missing_rates(connection, request, query)
    body: dict[str, Any] = {
        "window": {"from": query.window.first, "to": query.window.last},
        "currency": query.currency,
        "timezone": query.shop.timezone,
        "filters": _filters_given(request),
        "freshness": published.freshness,
    }
    if query.window.last >= published.as_of_day:
        body["incomplete"] = True
    for name in request.report.echoes:
        body[name] = _echo(query, name)
    for block in request.report.blocks:
        body[block.key] = await _rows(connection, block, query)
        if block.paged:
            body["meta"] = await _page(connection, block, query)
    return body


async def refuse_missing_rates(connection: Connection, request: Request, query: ReportQuery) -> None:
    """Raise MissingRate if the report would show an amount that no exchange rate converts."""
    arguments = Arguments()
    statement = missing_rate_statement(request.report.blocks, query, arguments)
    if statement is None:
        return
    row = await connection.fetchrow(statement, *arguments.values)
    if row is not None:
        raise MissingRate(query.currency, row["order_currency"], row["rate_on"])


async def _rows(connection: Connection, block: Block, query: ReportQuery) -> Any:
    arguments = Arguments()
    statement = block.statement(query, arguments)
    rows = [dict(row) for row in await connection.fetch(statement, *arguments.values)]
    return rows if block.has_rows else rows[0]


async def _page(connection: Connection, block: Block, query: ReportQuery) -> dict[str, int]:
    arguments = Arguments()
    statement = block.count_statement(query, arguments)
    total = (await connection.fetchrow(statement, *arguments.values))["total_count"]
    return {
        "total_count": total,
        "page": query.page,
        "per_page": query.per_page,
        "total_pages": -(-total // query.per_page),
    }


def _filters_given(request: Request) -> dict[str, Any]:
    names: Iterable[str] = ("offer_id", "offer_ids", "product_id", "variant_id", "market_id")
    return {name: _shown(request.values[name]) for name in names if name in request.values}


def _shown(value: Any) -> Any:
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return str(value) if isinstance(value, UUID) else value


def _echo(query: ReportQuery, name: str) -> Any:
    if name == "metrics":
        return list(query.chosen_metrics or query.metrics.names)
    return getattr(query, name)


def instant(value: datetime) -> str:
    """Return an instant as RFC 3339 in UTC."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
