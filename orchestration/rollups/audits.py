"""What is wrong with the build about to be published, and which shops are held back for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import dagster as dg
import psycopg
from psycopg import sql
from psycopg.rows import class_row

from orchestration.check_results import as_markdown


@dataclass(frozen=True)
class AuditFailure:
    """A value that contradicts another.

    Attributes:
        shop_id, shop_name: whose numbers.
        audit: the sentence that doesn't hold.
        currency: of the amounts, or one that nobody knows.
        day: local day, or the first one of the week or month, as PostgreSQL writes it: Python knows none before year 1.
        metric: name of the column or event.
        expected, found: the two values, amounts in minor units; null if the audit is no comparison.
        subject: the order or timezone that it is about; null if it is about sums.
    """

    shop_id: UUID
    shop_name: str | None
    audit: str
    currency: str | None
    day: str | None
    metric: str | None
    expected: Decimal | None
    found: Decimal | None
    subject: str | None

    def __str__(self) -> str:
        values = "" if self.expected is None else f": {self.expected} expected, {self.found} found"
        where = " ".join(str(part) for part in (self.subject, self.day, self.currency, self.metric) if part is not None)
        return f"shop {self.shop_name} ({self.shop_id}): not true that {self.audit}: {where}{values}"


_MOST_OF_AN_AUDIT = 100
_COLUMNS = sql.SQL(
    "shop_id, (select shop_name from analytics.dim_shops as shops where shops.shop_id = failures.shop_id) as shop_name,"
    " audit, currency, day::text as day, metric, expected, found, subject"
)


def audit(connection: psycopg.Connection, whole_history: bool) -> list[AuditFailure]:
    """Return what is wrong with the unpublished changes, as `read_failures` does.

    Args:
        connection: in the publish transaction, so that what is audited is what is published.
        whole_history: audit everything: after a rebuild all rows are new.
    """
    return read_failures(connection, "audit_history" if whole_history else "audit_failures")


def read_failures(connection: psycopg.Connection, view: str) -> list[AuditFailure]:
    """Return a view's findings (in `analytics`): the first 100 of each shop and audit, for there may be millions."""
    query = sql.SQL(
        "select {} from ("
        "select *, row_number() over (partition by shop_id, audit order by day nulls first, subject) as place from {}"
        ") as failures where place <= {} order by shop_id, day nulls first, audit, currency, metric, subject"
    ).format(_COLUMNS, sql.Identifier("analytics", view), sql.Literal(_MOST_OF_AN_AUDIT))
    with connection.cursor(row_factory=class_row(AuditFailure)) as cursor:
        return cursor.execute(query).fetchall()


def as_table(failures: Sequence[AuditFailure]) -> dg.MarkdownMetadataValue:
    """Return the failures as a table."""
    header = ("shop", "shop_id", "about", "first day", "metric", "expected", "found", "currency", "audit")
    rows = [
        (f.shop_name, f.shop_id, f.subject, f.day, f.metric, f.expected, f.found, f.currency, f.audit) for f in failures
    ]
    return as_markdown(header, rows)
