"""The tables of `reports`: made after their models, with their unique grain, indexes and row-level security."""

from collections.abc import Collection

import psycopg
from psycopg import sql

from orchestration.rollups.dbt_project import PublishedModel

# Truncation takes a lock that the replica's readers wait for; dead rows at the end are reused instead.
_STORAGE = sql.SQL("vacuum_truncate = off, autovacuum_vacuum_scale_factor = 0.05")

# An unset shop raises: current_setting() of an unknown name, or the cast of an empty text.
_TENANT = sql.SQL("shop_id = current_setting('preorders.shop_id')::uuid")


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


def align_table(connection: psycopg.Connection, model: PublishedModel, removed_columns: Collection[str] = ()) -> None:
    """Make the served table have the built one's columns; create it if it isn't there.

    Args:
        connection: in the publish transaction.
        model: the table.
        removed_columns: these are dropped where they are no longer built.

    Raises:
        RuntimeError: a column that is served is no longer built.
    """
    served, built = sql.Identifier("reports", model.name), sql.Identifier("analytics", model.name)
    present = {name for name, _ in columns_of(connection, "reports", model.name)}
    if not present:
        connection.execute(sql.SQL("create table {} (like {})").format(served, built))
        for name in model.required:  # a view's columns do not tell
            connection.execute(
                sql.SQL("alter table {} alter column {} set not null").format(served, sql.Identifier(name))
            )
        connection.execute(sql.SQL("alter table {} set ({})").format(served, _STORAGE))
        _index(connection, model, "unique index", model.grain, "nulls not distinct")
        _add_serving_indexes(connection, model)
        return
    wanted = [name for name, _ in columns_of(connection, "analytics", model.name)]
    gone = present - set(wanted)
    if lost := gone - set(removed_columns):
        raise RuntimeError(
            f"{model.name} no longer has {', '.join(sorted(lost))}, which reports show:"
            " bring it back, or declare its metric as removed"
        )
    for name in sorted(gone):
        connection.execute(sql.SQL("alter table {} drop column {}").format(served, sql.Identifier(name)))
    for name in wanted:
        if name not in present:
            connection.execute(
                sql.SQL("alter table {} add column {} {}").format(
                    served,
                    sql.Identifier(name),
                    sql.SQL(_type_of(connection, model.name, name)),
                )
            )
    _add_serving_indexes(connection, model)


def _add_serving_indexes(connection: psycopg.Connection, model: PublishedModel) -> None:
    present = {columns for columns, _ in _indexes_of(connection, model.name)}
    for columns in model.serving_indexes:
        if columns not in present:
            _index(connection, model, "index", columns, "")


def _indexes_of(connection: psycopg.Connection, table: str) -> list[tuple[tuple[str, ...], bool]]:
    """Return the columns of each whole index of a served table, and whether it is unique."""
    rows = connection.execute(
        """
        select array_agg(attributes.attname::text order by keys.position), bool_and(indexes.indisunique)
        from pg_index as indexes
        cross join unnest(indexes.indkey::int[]) with ordinality as keys (attnum, position)
        inner join pg_attribute as attributes
            on attributes.attrelid = indexes.indrelid and attributes.attnum = keys.attnum
        where
            indexes.indrelid = to_regclass(format('reports.%%I', %s::text))
            and indexes.indisvalid and indexes.indpred is null
        group by indexes.indexrelid
        """,
        (table,),
    ).fetchall()
    return [(tuple(columns), is_unique) for columns, is_unique in rows]


def _index(
    connection: psycopg.Connection, model: PublishedModel, kind: str, columns: tuple[str, ...], nulls: str
) -> None:
    connection.execute(
        sql.SQL("create {kind} on {table} ({columns}) {nulls}").format(
            kind=sql.SQL(kind),
            table=sql.Identifier("reports", model.name),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            nulls=sql.SQL(nulls),
        )
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


def secure_table(connection: psycopg.Connection, model: PublishedModel) -> None:
    """Let the readers see the table, and of a table of shops only the rows of the shop that they have set."""
    table = sql.Identifier("reports", model.name)
    row = connection.execute(
        """
        select has_table_privilege('preorders_reader', oid, 'select'), relrowsecurity
        from pg_class where oid = to_regclass(format('reports.%%I', %s::text))
        """,
        (model.name,),
    ).fetchone()
    is_readable, is_guarded = row or (False, False)
    if not is_readable:  # granting again would rewrite the catalog's row in each publication
        connection.execute(sql.SQL("grant select on {} to preorders_reader").format(table))
    if model.is_per_shop and not is_guarded:
        connection.execute(sql.SQL("alter table {} enable row level security").format(table))
        connection.execute(
            sql.SQL("create policy tenant on {} for select to preorders_reader using ({})").format(table, _TENANT)
        )


def check_table(connection: psycopg.Connection, model: PublishedModel) -> None:
    """Prove that a served table has its unique grain, its grant and its row-level security.

    Raises:
        RuntimeError: one is missing; the message says which.
    """
    row = connection.execute(
        """
        select
            has_table_privilege('preorders_reader', oid, 'select'),
            relrowsecurity and exists (select from pg_policy where polrelid = pg_class.oid)
        from pg_class
        where oid = to_regclass(format('reports.%%I', %s::text))
        """,
        (model.name,),
    ).fetchone()
    is_readable, is_guarded = row or (False, False)
    is_unique = (model.grain, True) in _indexes_of(connection, model.name)
    missing = [
        what
        for what, is_there in (
            ("a unique index on its grain", is_unique),
            ("the readers' right to read it", is_readable),
            ("row-level security by shop", is_guarded or not model.is_per_shop),
        )
        if not is_there
    ]
    if missing:
        raise RuntimeError(f"reports.{model.name} lacks {' and '.join(missing)}: nothing is published")
