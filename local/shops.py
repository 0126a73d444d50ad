"""The shops of the local stack by their domain: people know those, everything else knows ids.

With dbt's staging models the only code that names the application's tables; the stack made them (sql/app.sql).
"""

from typing import Any
from uuid import UUID

import psycopg

from local.errors import StackError

_SHOWN = 10


def shop_of(connection: psycopg.Connection[Any], domain: str) -> UUID:
    """The id of the shop with that domain.

    Raises:
        StackError: there is none.
    """
    row = connection.execute("select id from app.shops where domain = %s", [domain]).fetchone()
    if row is None:
        known = sorted(shop_domains(connection).values())[:_SHOWN]
        raise StackError(f"no shop has the domain {domain}; there are {', '.join(known) or 'none'}")
    shop_id: UUID = row[0]
    return shop_id


def shop_domains(connection: psycopg.Connection[Any]) -> dict[UUID, str]:
    """The domain of every shop."""
    return dict(connection.execute("select id, domain from app.shops").fetchall())
