"""The nightly comparison with the source, over all history, and the mending of what it finds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg

from orchestration.rollups.audits import AuditFailure, read_failures
from orchestration.rollups.publish import Publication

# Builds: the orders that were marked, or with names, these models anew from the ledger.
Rebuild = Callable[..., None]


@dataclass(frozen=True)
class Reconciliation:
    """What a reconciliation found and what is left of it.

    Attributes:
        found: days and events that differed, before anything was mended; of each shop and audit the first 100.
        left: months that still differ.
        orders_rebuilt: number of orders computed anew.
        shops_passed: number of shops that equal the source now.
        publication: what was published then; None if nothing was to be.
    """

    found: list[AuditFailure]
    left: list[AuditFailure]
    orders_rebuilt: int
    shops_passed: int
    publication: Publication | None = None

    @property
    def shops_held_back(self) -> set[UUID]:
        """Shops whose numbers fail an audit, and so are served as they were before."""
        return self.publication.shops_held_back if self.publication else set()


def reconcile(
    connection: psycopg.Connection, rebuild: Rebuild, publish_every_row: Callable[[], Publication]
) -> Reconciliation:
    """Compare, mend, publish, compare again, and date the shops that pass.

    First sums by shop and month; only where they differ, days and orders.

    Args:
        connection: of the role that owns `reports`, in autocommit.
        rebuild: runs dbt, with the names of models that are to be made anew.
        publish_every_row: publishes, comparing all rows: what is served is reconciled too.
    """
    compared_at = _now(connection)
    of_source, of_ledger = months_differing(connection)
    found = [*(read_failures(connection, "reconciliation_orders") if of_source else []), *of_ledger]
    marked = 0
    if of_source:
        marked = connection.execute(
            "insert into analytics.orders_marked (order_id)"
            " select distinct order_id from analytics.reconciliation_orders on conflict do nothing"
        ).rowcount
        rebuild()
    if of_ledger:
        rebuild("path:models/rollups+")  # with the audits, views that fall with what they read
    publication = publish_every_row()
    left = [*of_source, *of_ledger]
    if left:
        compared_at = _now(connection)
        left = [difference for side in months_differing(connection) for difference in side]
    passed = connection.execute(
        "update reports.shop_builds set reconciled_at = %s where shop_id <> all(%s)"
        " and shop_id not in (select shop_id from reports.shops_held_back)",
        (compared_at, [difference.shop_id for difference in left]),
    ).rowcount
    return Reconciliation(found or of_source, left, marked, passed, publication)


def _now(connection: psycopg.Connection) -> datetime:
    now: datetime
    [(now,)] = connection.execute("select clock_timestamp()").fetchall()
    return now


def months_differing(connection: psycopg.Connection) -> tuple[list[AuditFailure], list[AuditFailure]]:
    """Return where the ledger differs from the source, and the published models from the ledger."""
    return read_failures(connection, "reconciliation_differences"), read_failures(connection, "reconciliation_rollups")
