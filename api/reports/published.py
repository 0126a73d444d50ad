"""What is published of a shop: settings, metrics, and which build it is. Every statement on reports tells it anew."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

import msgspec

from api.reports.metrics import DEFINITIONS_SQL, Metrics
from api.reports.query import Shop
from api.reports.scope import SHOP, Statement

# What `Published.of` reads.
BUILD_EXPRESSION = f"""
    select to_json(told) from (
    select
        shops.currency,
        shops.timezone,
        (select json_object_agg(currency, minor_digits) from reports.dim_shop_currencies where shop_id = shops.shop_id)
            as currencies,
        (now() at time zone shops.day_timezone)::date as today,
        (builds.as_of at time zone shops.day_timezone)::date as as_of_day,
        builds.build_id,
        (select max(build_id) from reports.builds) as latest_build_id,
        exists (select from reports.fct_missing_rates where shop_id = {SHOP}) as lacks_rates,
        builds.as_of,
        builds.built_at,
        builds.reconciled_at,
        round(extract(epoch from clock_timestamp() - heartbeat.beat_at), 1) as replica_lag_seconds
    from reports.dim_shops as shops
    inner join reports.shop_builds as builds on builds.shop_id = shops.shop_id
    cross join service.heartbeat as heartbeat
    where shops.shop_id = {SHOP}
    ) as told
"""

_METRICS_SQL = f"select json_agg(definitions)::text from ({DEFINITIONS_SQL}) as definitions"
# Which of the offers named are the shop's own, as `read_offers` reads it.
OFFERS_EXPRESSION = (
    f"select json_agg(offer_id) from reports.dim_offers where shop_id = {SHOP} and offer_id = any({{offer_ids:uuid[]}})"
)


class NotBuilt(Exception):
    """Nothing is published for this shop yet."""

    def __init__(self) -> None:
        super().__init__(
            "reports are not built yet for this shop; try again after the next build. If that does not help, its"
            " orders cannot be computed as they are: the check `audited` of the build says which"
        )


class Lagging(Exception):
    """The replica lags behind by more than the caller allows."""

    def __init__(self, lag_seconds: float, max_lag: int) -> None:
        super().__init__(
            f"max_lag is {max_lag} seconds, and the numbers lag behind by {lag_seconds}; try again later, or allow more"
        )


class Connection(Protocol):
    """What is needed of a connection: asyncpg's."""

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        """Return all rows."""

    async def fetchrow(self, query: str, *values: Any) -> Any:
        """Return the first row, or None."""

    async def fetchval(self, query: str, *values: Any) -> Any:
        """Return the first column of the first row."""

    async def execute(self, query: str, *values: Any) -> str:
        """Run a statement; return its tag, such as `UPDATE 1`."""


class Build(msgspec.Struct, frozen=True):
    """Which build a shop shows, as one statement saw it.

    Attributes:
        currency, timezone, currencies, today: see `Shop`.
        as_of_day: the local day on which the build was up to date, and so the first incomplete one.
        build_id: the build that last changed something of this shop.
        latest_build_id: the last publication that changed anything at all: nothing else changes what an answer shows.
        lacks_rates: whether some amount of the shop is not converted to some currency.
        as_of, built_at: instants.
        reconciled_at: when the shop's numbers last equalled the source; None: never yet.
        replica_lag_seconds: age of the heartbeat.
    """

    currency: str
    timezone: str
    currencies: dict[str, int]
    today: date
    as_of_day: date
    build_id: int
    latest_build_id: int
    lacks_rates: bool
    as_of: datetime
    built_at: datetime
    reconciled_at: datetime | None
    replica_lag_seconds: float


@dataclass(frozen=True)
class Published:
    """What is published of a shop.

    Attributes:
        shop, metrics: what a request is resolved with.
        build: which build it is.
        asked_at: monotonic seconds, before the statement began that told all this.
    """

    shop: Shop
    metrics: Metrics
    build: Build
    asked_at: float

    @classmethod
    def of(cls, shop_id: UUID, build: str | None, metrics: Metrics, asked_at: float) -> "Published":
        """Return what a statement told by `BUILD_EXPRESSION`.

        Raises:
            NotBuilt: nothing is published for the shop yet.
        """
        if build is None:
            raise NotBuilt
        told = msgspec.json.decode(build, type=Build)
        shop = Shop(shop_id, told.currency, told.timezone, told.currencies, told.today)
        return cls(shop, metrics, told, asked_at)

    @property
    def age(self) -> float:
        """Seconds since this was surely true."""
        return time.monotonic() - self.asked_at

    @property
    def version(self) -> tuple[Shop, int]:
        """What an answer depends on, beside its parameters."""
        return self.shop, self.build.latest_build_id

    @property
    def replica_lag_seconds(self) -> float:
        """The heartbeat's age now: what was read some moments ago is older by these moments."""
        return round(self.build.replica_lag_seconds + self.age, 1)

    def refuse_lag(self, max_lag: int | None) -> None:
        """Raise Lagging if the numbers lag behind by more than so many seconds; None: by any."""
        if max_lag is not None and self.replica_lag_seconds > max_lag:
            raise Lagging(self.replica_lag_seconds, max_lag)

    def freshness(self, stale_seconds: float) -> dict[str, Any]:
        """Return the block `freshness` of an answer; from so many seconds of lag on it is stale."""
        build = self.build
        return {
            "as_of": instant(build.as_of),
            "built_at": instant(build.built_at),
            "build_id": build.build_id,
            "replica_lag_seconds": self.replica_lag_seconds,
            "stale": self.replica_lag_seconds >= stale_seconds,
            "reconciled": instant(build.reconciled_at) if build.reconciled_at else None,
        }


def tenant_statement(expressions: Sequence[str]) -> Statement:
    """Return a statement that sets the tenant and then computes the expressions as one array of texts.

    So a read is one snapshot and one round trip. CASE computes its condition first, and the tables are read after it;
    were they not, row-level security would show no row.
    """
    values = ", ".join(f"({expression})::text" for expression in expressions)
    is_set = f"set_config('preorders.shop_id', {SHOP}::text, true) <> ''"
    return Statement.of(f"select case when {is_set} then array[{values}] end")


_PUBLISHED = tenant_statement((BUILD_EXPRESSION, _METRICS_SQL, OFFERS_EXPRESSION))


def read_offers(text: str | None) -> frozenset[UUID]:
    """Return the offers that `OFFERS_EXPRESSION` told."""
    return msgspec.json.decode(text or "[]", type=frozenset[UUID])


@dataclass(frozen=True)
class _Asked:
    """The values of `_PUBLISHED`."""

    shop_id: UUID
    offer_ids: tuple[UUID, ...]


async def read_published(
    connection: Connection, shop_id: UUID, offers: Sequence[UUID] = ()
) -> tuple[Published, frozenset[UUID]]:
    """Return what is published of a shop, and which of the offers are its own.

    Raises:
        NotBuilt: nothing yet.
    """
    asked_at = time.monotonic()
    values = _PUBLISHED.values(_Asked(shop_id, tuple(offers)))
    build, definitions, own_offers = await connection.fetchval(_PUBLISHED.text, *values)
    return Published.of(shop_id, build, _metrics(definitions or "[]"), asked_at), read_offers(own_offers)


async def read_metrics(connection: Connection) -> Metrics:
    """Return the metrics as they are published; no tenant is needed."""
    return _metrics(await connection.fetchval(_METRICS_SQL) or "[]")


@lru_cache(maxsize=4)  # the same for all shops, but for the moment of a publication
def _metrics(definitions: str) -> Metrics:
    return Metrics.from_rows(msgspec.json.decode(definitions))


def instant(value: datetime) -> str:
    """Return an instant as RFC 3339 in UTC."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
