"""Two shops that nothing changes, alike but for their texts and amounts, all of whose texts name the shop.

Whatever else happens, each has one right answer to a request; and a text of the other shop shows by its name.
"""

from typing import Any
from uuid import UUID

from data.awkward import Rows, awkward_rows

CANARIES = ("canary-north", "canary-south")
DOMAINS = tuple(f"{canary}.example" for canary in CANARIES)
_TEXTS = {
    "shops": ("name",),
    "markets": ("name",),
    "products": ("title",),
    "variants": ("title", "sku"),
    "customers": ("email", "name"),
    "offers": ("name",),
}
_IDS = ("id", "order_id", "order_line_id", "customer_id", "market_id", "product_id", "variant_id")


def canary_rows(orders: int = 900) -> Rows:
    """Return the rows of both, with so many orders drawn for each, of which its currency's are taken."""
    drawn = [_rows_of_one(number, orders) for number in range(len(CANARIES))]
    return {table: [row for rows in drawn for row in rows[table]] for table in drawn[0]}


def _rows_of_one(number: int, orders: int) -> Rows:
    rows = awkward_rows(seed=number, orders=orders)
    shop = rows["shops"][0]
    foreign = {row["id"] for row in rows["orders"] if row["currency"] != shop["currency"]}
    kept: Rows = {}
    for table in (*_TEXTS, "offer_variants", "orders", "order_lines", "payments", "refunds"):
        key, order = ("id", None) if table == "shops" else ("shop_id", "id" if table == "orders" else "order_id")
        own = [row for row in rows[table] if row[key] == shop["id"] and row.get(order) not in foreign]
        kept[table] = [_marked(table, row, number) for row in own]
    kept["shops"][0] |= {"domain": DOMAINS[number], "reporting_currencies": []}
    return kept


def _marked(table: str, row: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a row with ids that no other shop has, and the shop's name in its texts."""
    far = (number + 1) * 10**9
    marked = dict(row)
    for name, value in row.items():
        if name in ("shop_id", "offer_id") or (name == "id" and table in ("shops", "offers")):
            marked[name] = str(UUID(int=(0xC0 + number) << 120 | UUID(value).int & (1 << 120) - 1))
        elif name in _IDS and value is not None:
            marked[name] = value + far
        elif name in _TEXTS.get(table, ()):
            marked[name] = f"{CANARIES[number]} {value}"
    return marked
