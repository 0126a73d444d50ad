"""Columns of served tables that come and go, each in a short transaction of its own: a lock on the table is held for
the moment that the change takes, not for as long as publishing does."""

import time
from collections.abc import Collection, Sequence

import psycopg
from psycopg import sql

from orchestration.rollups.dbt_project import PublishedModel

_LOCK_TIMEOUT = "1s"  # readers who come later wait behind whoever waits for the lock
_ATTEMPTS = 10
_PAUSE_SECONDS = 1.0


def columns_of(connection: psycopg.Connection, schema: str, table: str) -> list[tuple[str, bool]]:
    """Return a table's columns in their order: name, and whether it may be null."""
    return connection.execute(
        """
        select attname::text, not attnotnull
        from pg_attribute
        where attrelid = to_regclass(format('%%I.%%I', %s::text, %s::text)) and attnum > 0 and not attisdropped
        order by attnum
        """,
        (schema, table),
    ).fetchall()


def lost_columns(connection: psycopg.Connection, model: PublishedModel) -> set[str]:
    """Return the columns that are served and no longer built."""
    served, built = (
        {name for name, _ in columns_of(connection, schema, model.name)} for schema in ("reports", "analytics")
    )
    return served - built if served else set()


def check_columns(connection: psycopg.Connection, model: PublishedModel, removed_columns: Collection[str]) -> None:
    """Compare the served columns with the built ones.

    Raises:
        RuntimeError: one is served, neither built nor declared as removed.
    """
    if lost := lost_columns(connection, model) - set(removed_columns):
        raise RuntimeError(
            f"{model.name} no longer has {', '.join(sorted(lost))}, which reports show:"
            " bring it back, or declare its metric as removed"
        )


def prepare_columns(
    connection: psycopg.Connection, models: Sequence[PublishedModel], removed_columns: Collection[str]
) -> None:
    """Before publishing: add what is built and not served yet, and let what is removed be null. No report shows either.

    Args:
        connection: of the role that owns `reports`, on the primary, not in a transaction.
        models: the tables; those that aren't there yet are left out.
        removed_columns: columns that are declared as taken out.

    Raises:
        RuntimeError: a table was in use all the time.
    """
    for model in models:
        served = dict(columns_of(connection, "reports", model.name))
        if not served:
            continue
        actions = [
            sql.SQL("add column {} {}").format(sql.Identifier(name), sql.SQL(_type_of(connection, model.name, name)))
            for name, _ in columns_of(connection, "analytics", model.name)
            if name not in served
        ]
        actions += [
            sql.SQL("alter column {} drop not null").format(sql.Identifier(name))
            for name in sorted(lost_columns(connection, model) & set(removed_columns))
            if not served[name]
        ]
        _alter(connection, model, actions)


def drop_columns(
    connection: psycopg.Connection, models: Sequence[PublishedModel], removed_columns: Collection[str]
) -> None:
    """After publishing, when no report shows them any more: drop the removed columns. Arguments and errors as above."""
    for model in models:
        gone = sorted(lost_columns(connection, model) & set(removed_columns))
        _alter(connection, model, [sql.SQL("drop column {}").format(sql.Identifier(name)) for name in gone])


def _alter(connection: psycopg.Connection, model: PublishedModel, actions: Sequence[sql.Composed]) -> None:
    if actions:
        table = sql.Identifier("reports", model.name)
        change_table(connection, model, sql.SQL("alter table {} {}").format(table, sql.SQL(", ").join(actions)))


def change_table(connection: psycopg.Connection, model: PublishedModel, change: sql.Composed) -> None:
    """Change a served table in a transaction of its own, in a moment when it isn't in use.

    Raises:
        RuntimeError: it was in use all the time.
    """
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE_SECONDS)
        try:
            with connection.transaction():
                connection.execute(sql.SQL("set local lock_timeout = {}").format(_LOCK_TIMEOUT))
                connection.execute(change)
        except psycopg.errors.LockNotAvailable:
            continue
        return
    raise RuntimeError(
        f"reports.{model.name} could not be changed, for it was in use {_ATTEMPTS} times:"
        " end long transactions that read it on the primary, and publish again"
    )


def _type_of(connection: psycopg.Connection, table: str, column: str) -> str:
    row = connection.execute(
        """
        select format_type(atttypid, atttypmod) from pg_attribute
        where attrelid = to_regclass(format('analytics.%%I', %s::text)) and attname = %s
        """,
        (table, column),
    ).fetchone()
    assert row is not None
    return str(row[0])
