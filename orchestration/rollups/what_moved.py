"""What a publication is about to show: the ledger's changes that are not published yet, counted and summed."""

from dataclasses import dataclass
from decimal import Decimal

import psycopg
from psycopg import sql


@dataclass(frozen=True)
class Moved:
    """What has changed since the last publication; after a rebuild nothing is counted, since all is new.

    Attributes:
        orders, ledger_rows, cells: numbers of orders, of rows that entered or left the ledger, and of
            (shop, currency, day) whose sums they moved.
        by_shop: shop, metric and the sum by which it moved, over all days and in the shop's own currency; amounts in
            minor units.
    """

    orders: int
    ledger_rows: int
    cells: int
    by_shop: list[tuple[str, str, Decimal]]


def read_moved(connection: psycopg.Connection) -> Moved:
    """Count and sum the unpublished changes, before publishing clears them."""
    counts = connection.execute(
        """
        select count(distinct order_id), count(*), count(distinct (shop_id, currency, entry_on))
        from analytics.ledger_changes
        """
    ).fetchone()
    metrics = connection.execute(
        "select metric, metric || case unit when 'money' then '_minor' else '' end from analytics.metric_definitions"
        " where kind in ('additive', 'state') order by position"
    ).fetchall()
    moved = sql.SQL(", ").join(
        sql.SQL("({}, {}, sign * {})").format(position, sql.Literal(metric), sql.Identifier(column))
        for position, (metric, column) in enumerate(metrics)
    )
    by_shop = connection.execute(
        sql.SQL(
            """
            select shops.shop_name, moved.metric, sum(moved.amount)
            from analytics.ledger_changes as changes
            join analytics.dim_shops as shops on shops.shop_id = changes.shop_id and shops.currency = changes.currency
            cross join lateral (values {}) as moved (position, metric, amount)
            group by shops.shop_id, shops.shop_name, moved.position, moved.metric
            having sum(moved.amount) <> 0
            order by shops.shop_name, shops.shop_id, moved.position
            """
        ).format(moved)
    ).fetchall()
    assert counts is not None
    orders, ledger_rows, cells = counts
    return Moved(orders, ledger_rows, cells, by_shop)
