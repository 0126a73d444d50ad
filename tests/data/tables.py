"""Comparing whole tables with what they were before."""

from typing import Any

import psycopg

# What a build says of itself: its instants, which orders it looked at, how far its models and shops are.
_OF_THE_BUILD = {
    *("build_watermarks", "int_build_snapshot", "int_orders_changed"),
    *("model_changes", "ledger_changes", "orders_marked", "project_built"),
    *("builds", "shop_builds", "shop_changes", "shops_held_back"),
}


def tables_of(connection: psycopg.Connection[Any], schema: str) -> list[str]:
    """Return the tables whose rows must not depend on how they were built."""
    rows = connection.execute("select tablename::text from pg_tables where schemaname = %s order by 1", (schema,))
    return [name for (name,) in rows if name not in _OF_THE_BUILD]


def keep_tables(connection: psycopg.Connection[Any], schema: str) -> None:
    """Copy a schema's tables into another, `<schema>_before`."""
    connection.execute(f"drop schema if exists {schema}_before cascade")
    connection.execute(f"create schema {schema}_before")
    for table in tables_of(connection, schema):
        connection.execute(f"create table {schema}_before.{table} as table {schema}.{table}")


def differing_rows(connection: psycopg.Connection[Any], table: str, schema: str) -> list[tuple[Any, ...]]:
    """Return rows that only one of the table and its kept copy has, duplicates counted."""
    left, right = f"table {schema}.{table}", f"table {schema}_before.{table}"
    return connection.execute(f"({left} except all {right}) union all ({right} except all {left}) limit 5").fetchall()
