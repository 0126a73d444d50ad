"""The application's rows, as source.md describes its tables."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

TABLES = (
    "shops",
    "markets",
    "products",
    "variants",
    "customers",
    "offers",
    "offer_variants",
    "orders",
    "order_lines",
    "payments",
    "refunds",
    "fx_rates",
)


@dataclass
class Source:
    """A snapshot of the tables. Rows must not be changed after the first report: what is derived
    from them is kept in `memory`; a changed source is a new `Source`."""

    tables: dict[str, list[dict]]
    memory: dict = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, connection) -> "Source":
        """Reads every table of the schema `app` through a psycopg 3 connection."""
        from psycopg.rows import dict_row

        tables = {}
        with connection.cursor(row_factory=dict_row) as cursor:
            for table in TABLES:
                cursor.execute(f"select * from app.{table}")
                tables[table] = [{name: _plain(value) for name, value in row.items()} for row in cursor]
        return cls(tables)

    def remember(self, key, make):
        """The value kept under `key`, made on first use."""
        if key not in self.memory:
            self.memory[key] = make()
        return self.memory[key]

    def rows(self, table: str, shop_id: str) -> list[dict]:
        """The rows of one shop."""
        return self.remember(("rows", table), lambda: self._by_shop(table)).get(shop_id, [])

    def by_id(self, table: str, shop_id: str) -> dict:
        """The rows of one shop by their id."""
        return self.remember(("by_id", table, shop_id), lambda: {row["id"]: row for row in self.rows(table, shop_id)})

    def shop(self, shop_id: str) -> dict:
        return next(row for row in self.tables["shops"] if row["id"] == shop_id)

    def _by_shop(self, table: str) -> dict[str, list[dict]]:
        shops = defaultdict(list)
        for row in self.tables.get(table, []):
            shops[row["shop_id"]].append(row)
        return shops


def _plain(value):
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return value
