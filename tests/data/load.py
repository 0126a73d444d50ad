"""Source rows into the tables of `app`, by COPY."""

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from psycopg import sql


def insert_rows(connection: psycopg.Connection, rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """Copy rows into `app`, table by table; all rows of a table have the same columns."""
    for table, records in rows.items():
        columns: list[str] | None = None
        values = [list(record.values()) for record in records if (columns := list(record))]
        if columns is None:
            continue
        statement = sql.SQL("copy {} ({}) from stdin").format(
            sql.Identifier("app", table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with connection.cursor().copy(statement) as copy:
            for row in values:
                copy.write_row(row)
