"""A validated request for a report: what the SQL is built from."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from api.reports.metrics import Metrics
from api.reports.window import Granularity, Window


@dataclass(frozen=True)
class Filters:
    """Order lines must satisfy all that are set.

    Attributes:
        offer_ids: any of these offers; empty: all.
        product_id, variant_id, market_id: exactly this one.
    """

    offer_ids: tuple[UUID, ...] = ()
    product_id: int | None = None
    variant_id: int | None = None
    market_id: int | None = None


@dataclass(frozen=True)
class Shop:
    """What a shop's reports need to know of it, as published.

    Attributes:
        shop_id: the tenant.
        currency, timezone: ISO 4217 code, IANA name.
        currencies: those its reports can be asked in, with the decimals of each.
        today: local date, by database time.
    """

    shop_id: UUID
    currency: str
    timezone: str
    currencies: dict[str, int]
    today: date


@dataclass(frozen=True)
class ReportQuery:
    """One report to compute; everything in it is valid for this shop.

    `among` is an SQL condition on the rows that are looked at, of a page's making.
    """

    shop: Shop
    metrics: Metrics
    window: Window
    currency: str
    filters: Filters = field(default=Filters())
    granularity: Granularity = "day"
    chosen_metrics: tuple[str, ...] | None = None
    include_deposits: bool = True
    include_balances: bool = True
    page: int = 1
    per_page: int = 50
    among: str = ""

    @cached_property
    def minor_unit(self) -> Decimal:
        """One minor unit of the currency, with exactly its decimals: 0.01, 1, 0.001."""
        return Decimal(1).scaleb(-self.shop.currencies[self.currency])
