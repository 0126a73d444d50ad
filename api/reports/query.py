"""A validated request for a report: its shape, which the SQL is made from, and its values."""

from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from uuid import UUID

from api.reports.metrics import Metrics
from api.reports.parameters import GRANULARITY, INCLUDE_BALANCES, INCLUDE_DEPOSITS, PAGE, PER_PAGE, rows_before
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


FILTER_COLUMNS = tuple(one.name for one in fields(Filters) if one.name != "offer_ids")


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
class Shape:
    """What the SQL of a request depends on. The rest are values, bound to it: requests of one shape are one statement.

    Attributes:
        metrics: as published.
        has_offer, has_offers: whether one offer is asked for, or any of several.
        columns_filtered: those of `FILTER_COLUMNS` that are.
        granularity, chosen_metrics, include_deposits, include_balances: as asked for.
        among: an SQL condition on the rows that are looked at, of a page's making.
    """

    metrics: Metrics
    has_offer: bool = False
    has_offers: bool = False
    columns_filtered: tuple[str, ...] = ()
    granularity: Granularity = GRANULARITY.default
    chosen_metrics: tuple[str, ...] | None = None
    include_deposits: bool = INCLUDE_DEPOSITS.default
    include_balances: bool = INCLUDE_BALANCES.default
    among: str = ""

    @property
    def filtered(self) -> set[str]:
        """The columns that a filter looks at."""
        return {*self.columns_filtered, *(("offer_id",) if self.has_offer or self.has_offers else ())}


@dataclass(frozen=True)
class ReportQuery:
    """One report to compute; everything in it is valid for this shop. SQL names its attributes (`Statement`)."""

    shop: Shop
    metrics: Metrics
    window: Window
    currency: str
    filters: Filters = field(default=Filters())
    granularity: Granularity = GRANULARITY.default
    chosen_metrics: tuple[str, ...] | None = None
    include_deposits: bool = INCLUDE_DEPOSITS.default
    include_balances: bool = INCLUDE_BALANCES.default
    page: int = PAGE.default
    per_page: int = PER_PAGE.default

    @property
    def shape(self) -> Shape:
        """What its SQL depends on."""
        offers = len(self.filters.offer_ids)
        return Shape(
            self.metrics,
            offers == 1,
            offers > 1,
            tuple(column for column in FILTER_COLUMNS if getattr(self.filters, column) is not None),
            self.granularity,
            self.chosen_metrics,
            self.include_deposits,
            self.include_balances,
        )

    @property
    def shop_id(self) -> UUID:
        """The tenant."""
        return self.shop.shop_id

    @property
    def offer_id(self) -> UUID:
        """The first offer asked for."""
        return self.filters.offer_ids[0]

    @property
    def offer_ids(self) -> tuple[UUID, ...]:
        """The offers asked for."""
        return self.filters.offer_ids

    @property
    def offset(self) -> int:
        """Number of rows before the page."""
        return rows_before(self.page, self.per_page)

    @property
    def minor_unit(self) -> Decimal:
        """One minor unit of the currency, with exactly its decimals: 0.01, 1, 0.001."""
        return Decimal(1).scaleb(-self.shop.currencies[self.currency])
