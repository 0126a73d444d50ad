"""The demo's shops: who they are, how large, and how prices look in their currency."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import NAMESPACE_DNS, UUID, uuid5

DEMO_SHOP_DOMAIN = "aurora.example"


@dataclass(frozen=True)
class Region:
    """A currency with its place and its habits of pricing.

    unit: the minor unit in major units; an integer times it has exactly the currency's decimals.
    price_factor: minor units that one unit of the catalogue's base price costs.
    price_step, charm: prices are multiples of the step less the charm, in minor units: 129.99.
    fixed_deposit: per piece, in minor units.
    """

    currency: str
    timezone: str
    reporting_currencies: tuple[str, ...]
    unit: Decimal
    price_factor: int
    price_step: int
    charm: int
    fixed_deposit: int


# KWD reports in no other currency: the European Central Bank publishes no rate for it.
REGIONS = (
    Region("USD", "America/New_York", ("EUR", "GBP"), Decimal("0.01"), 100, 500, 1, 25_00),
    Region("EUR", "Europe/Berlin", ("USD",), Decimal("0.01"), 95, 500, 10, 25_00),
    Region("JPY", "Asia/Tokyo", (), Decimal("1"), 150, 500, 20, 4_000),
    Region("KWD", "Asia/Kuwait", (), Decimal("0.001"), 310, 500, 5, 7_500),
)

NAMES = (
    ("Aurora Outdoor", DEMO_SHOP_DOMAIN),
    ("Birke & Stahl", "birke.example"),
    ("Hoshi Audio", "hoshi.example"),
    ("Dune Cycles", "dune.example"),
    ("Cascade Keyboards", "cascade.example"),
    ("Nordlicht Lampen", "nordlicht.example"),
    ("Kawa Ceramics", "kawa.example"),
    ("Pearl Espresso", "pearl.example"),
)


@dataclass(frozen=True)
class DemoShop:
    """One shop, numbered from 1, and the numbers of the orders and customers that are its own."""

    number: int
    id: UUID
    name: str
    domain: str
    region: Region
    orders: int
    first_slot: int
    customers: int
    first_customer: int


def plan_shops(shops: int, orders: int) -> list[DemoShop]:
    """Share `orders` out among `shops` shops: half for the first, then ever less, at least 1 each."""
    planned: list[DemoShop] = []
    first_slot = first_customer = 1
    for number, share in enumerate(share_orders(shops, orders), start=1):
        name, domain = name_shop(number)
        customers = max(1, round(share * 0.6))
        planned.append(
            DemoShop(
                number=number,
                # From the domain and not from the seed: documents and keys name a shop by its id.
                id=uuid5(NAMESPACE_DNS, domain),
                name=name,
                domain=domain,
                region=REGIONS[(number - 1) % len(REGIONS)],
                orders=share,
                first_slot=first_slot,
                customers=customers,
                first_customer=first_customer,
            )
        )
        first_slot += share
        first_customer += customers
    return planned


def share_orders(shops: int, orders: int) -> list[int]:
    """Orders of each shop, adding up to `orders`."""
    weights = [1 / number for number in range(2, shops + 1)]
    spare = orders - shops
    others = [1 + int(spare * weight / (2 * sum(weights))) for weight in weights]
    return [orders - sum(others), *others]


def name_shop(number: int) -> tuple[str, str]:
    """Name and domain of the shop with this number; past the last name they start over with a digit."""
    lap, place = divmod(number - 1, len(NAMES))
    name, domain = NAMES[place]
    return (f"{name} {lap + 1}", f"{lap + 1}.{domain}") if lap else (name, domain)
