"""Comparing whole tables."""

from typing import Any

import psycopg

# What a build says of itself: its instants, and which orders it looked at.
_OF_THE_BUILD = {"build_watermarks", "int_build_snapshot", "int_orders_changed"}


def tables_of(connection: psycopg.Connection[Any], schema: str) -> list[str]:
    """Return the tables whose rows must not depend on how they were built."""
    rows = connection.execute("select tablename::text from pg_tables where schemaname = %s order by 1", (schema,))
    return [name for (name,) in rows if name not in _OF_THE_BUILD]


def differing_rows(connection: psycopg.Connection[Any], table: str) -> list[tuple[Any, ...]]:
    """Return rows that only one of `analytics` and `incremental` has, duplicates counted."""
    left, right = f"table analytics.{table}", f"table incremental.{table}"
    return connection.execute(f"({left} except all {right}) union all ({right} except all {left}) limit 5").fetchall()
