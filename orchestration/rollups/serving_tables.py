"""The tables of `reports`: made after their models, with their unique grain, indexes and row-level security."""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from orchestration.rollups.dbt_project import PublishedModel
from orchestration.rollups.serving_columns import change_table, columns_of

# Truncation takes a lock that the replica's readers wait for; dead rows at the end are reused instead.
_STORAGE = sql.SQL("vacuum_truncate = off, autovacuum_vacuum_scale_factor = 0.05")

# An unset shop raises: current_setting() of an unknown name, or the cast of an empty text.
_TENANT = sql.SQL("shop_id = current_setting('preorders.shop_id')::uuid")


def create_table(connection: psycopg.Connection, model: PublishedModel) -> bool:
    """Create the served table if it isn't there, without indexes; return whether it was made."""
    if columns_of(connection, "reports", model.name):
        return False
    served = sql.Identifier("reports", model.name)
    connection.execute(sql.SQL("create table {} (like {})").format(served, sql.Identifier("analytics", model.name)))
    for name in model.required:  # a view's columns do not tell
        connection.execute(sql.SQL("alter table {} alter column {} set not null").format(served, sql.Identifier(name)))
    connection.execute(sql.SQL("alter table {} set ({})").format(served, _STORAGE))
    return True


def index_table(connection: psycopg.Connection, model: PublishedModel) -> None:
    """Index a new table by its grain and for the reports' queries; after it was filled, which is cheaper."""
    _index(connection, model, "unique index", model.indexed_grain, "nulls not distinct")
    add_serving_indexes(connection, model)


def prepare_grains(connection: psycopg.Connection, models: Sequence[PublishedModel]) -> None:
    """Before publishing: where a model's grain has changed, make it unique in the served table, instead of the old one.

    Args:
        connection: of the role that owns `reports`, on the primary, not in a transaction.
        models: the tables; those that aren't there yet are left out.

    Raises:
        RuntimeError: a table was in use all the time.
        psycopg.Error: rows that are served are not unique by the new grain.
    """
    for model in models:
        unique = {name: columns for name, columns, is_unique in _indexes_of(connection, model.name) if is_unique}
        # the new one may be there beside them, where this was interrupted
        old = [name for name, columns in unique.items() if set(columns) != set(model.indexed_grain)]
        if old and len(old) == len(unique):
            _index(connection, model, "unique index", model.indexed_grain, "nulls not distinct")
        for name in old:
            change_table(connection, model, sql.SQL("drop index {}").format(sql.Identifier("reports", name)))


def add_serving_indexes(connection: psycopg.Connection, model: PublishedModel) -> None:
    """Give the served table those indexes for the reports' queries that it lacks."""
    present = {columns for _, columns, _ in _indexes_of(connection, model.name)}
    for columns in model.serving_indexes:
        if columns not in present:
            _index(connection, model, "index", columns, "")


def _indexes_of(connection: psycopg.Connection, table: str) -> list[tuple[str, tuple[str, ...], bool]]:
    """Return the name of each whole index of a served table, its columns as SQL, and whether it is unique."""
    rows = connection.execute(
        """
        select
            names.relname,
            array(
                select pg_get_indexdef(indexes.indexrelid, position, true)
                from generate_series(1, indexes.indnkeyatts::int) as position order by position
            ),
            indexes.indisunique
        from pg_index as indexes
        inner join pg_class as names on names.oid = indexes.indexrelid
        where
            indexes.indrelid = to_regclass(format('reports.%%I', %s::text))
            and indexes.indisvalid and indexes.indpred is null
        """,
        (table,),
    ).fetchall()
    return [(name, tuple(columns), is_unique) for name, columns, is_unique in rows]


def _index(
    connection: psycopg.Connection, model: PublishedModel, kind: str, indexed: tuple[str, ...], nulls: str
) -> None:
    connection.execute(
        sql.SQL("create {kind} on {table} ({columns}) {nulls}").format(
            kind=sql.SQL(kind),
            table=sql.Identifier("reports", model.name),
            columns=indexed_sql(indexed),
            nulls=sql.SQL(nulls),
        )
    )


def indexed_sql(indexed: Sequence[str]) -> sql.SQL:
    """Return the columns of an index, which are names and functions of the project's own."""
    return sql.SQL(", ".join(indexed))


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
    # in any order: a table from before the grain's columns were reordered is as unique
    is_unique = (set(model.indexed_grain), True) in [
        (set(columns), is_unique) for _, columns, is_unique in _indexes_of(connection, model.name)
    ]
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
