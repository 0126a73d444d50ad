"""The order in which the SQL files run: each draws on those before it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One SQL file and the app tables it fills.

    is_sliced: it is a single insert, run once for each range of orders.
    """

    file: str
    tables: tuple[str, ...]
    is_sliced: bool = False


STEPS = (
    Step("catalog.sql", ("shops", "markets", "products", "variants")),
    Step("launches.sql", ()),
    Step("offers.sql", ("offers", "offer_variants")),
    Step("orders.sql", ("orders",)),
    Step("customers.sql", ("customers",)),
    Step("order_lines.sql", ("order_lines",), is_sliced=True),
    Step("payments.sql", ("payments",), is_sliced=True),
    Step("refunds.sql", ("refunds",)),
    Step("fx_rates.sql", ("fx_rates",)),
)
TABLES = tuple(table for step in STEPS for table in step.tables)
