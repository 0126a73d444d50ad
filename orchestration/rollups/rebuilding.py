"""Marking orders for the next build by hand: those of a shop, or of a window, or of both."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

# The ledger's orders, and the source's too: one that the ledger lost is marked by the day it was placed on.
_CHOSEN = """
    select shop_id, order_id
    from (
        select shop_id, order_id, entry_on as day from analytics.fct_ledger
        union all
        select orders.shop_id, orders.order_id, (orders.placed_at at time zone shops.day_timezone)::date
        from analytics.stg_preorders__orders as orders
        inner join analytics.int_shops_frozen as frozen on frozen.shop_id = orders.shop_id and frozen.is_computable
        inner join analytics.dim_shops as shops on shops.shop_id = orders.shop_id
    ) as orders
    where
        (%(shop_id)s::uuid is null or shop_id = %(shop_id)s)
        and (%(first)s::date is null or day >= %(first)s) and (%(last)s::date is null or day <= %(last)s)
    group by shop_id, order_id
"""


@dataclass(frozen=True)
class Rebuilding:
    """Which orders; None leaves a condition out. The days are local, both in the window."""

    shop_id: UUID | None
    first_day: str | None
    last_day: str | None

    @property
    def _parameters(self) -> dict[str, Any]:
        return {"shop_id": self.shop_id, "first": self.first_day, "last": self.last_day}

    def count(self, connection: psycopg.Connection) -> list[tuple[UUID, int]]:
        """Return how many orders of which shops would be marked."""
        query = f"select shop_id, count(*) from ({_CHOSEN}) as chosen group by shop_id order by shop_id"
        return connection.execute(query.encode(), self._parameters).fetchall()

    def mark(self, connection: psycopg.Connection) -> int:
        """Have the next build compute them anew whatever their updated_at says; return how many were not marked yet."""
        statement = (
            f"insert into analytics.orders_marked (order_id) select order_id from ({_CHOSEN}) as chosen"
            " on conflict do nothing"
        )
        return connection.execute(statement.encode(), self._parameters).rowcount
