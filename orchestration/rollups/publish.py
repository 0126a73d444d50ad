"""Publishing: one transaction brings every table of `reports` to what dbt built in `analytics`.

Only the rows that differ are written, so readers on the replica keep what they have, and nothing under
them is dropped, truncated or locked. A shop whose numbers fail an audit stays on its last good build.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from uuid import UUID

import psycopg
from psycopg import sql

from orchestration.rollups.audits import AuditFailure, audit
from orchestration.rollups.dbt_project import PublishedModel
from orchestration.rollups.served_rows import Scope, Served, fill_table, serve_rows
from orchestration.rollups.serving_columns import check_columns, columns_of, drop_columns, prepare_columns
from orchestration.rollups.serving_tables import (
    add_serving_indexes,
    check_table,
    create_table,
    index_table,
    prepare_grains,
    secure_table,
)
from orchestration.rollups.shop_state import ShopState, read_shop_state, remember_shops
from orchestration.rollups.what_moved import Moved, read_moved

_TABLES_OF_SHOPS = [
    PublishedModel(name, grain=("shop_id",)) for name in ("shop_builds", "shop_changes", "shops_held_back")
]


@dataclass(frozen=True)
class Publication:
    """What a publication changed.

    Attributes:
        build_id: the build now shown to the shops that changed.
        as_of: every change committed to the source before this instant (UTC) is in it.
        tables: by table, the rows removed and written.
        shops_changed: number of shops with new numbers.
        moved: what has changed in the ledger since the publication before.
        failures: what the audits found; the shops named there are held back.
    """

    build_id: int
    as_of: datetime
    tables: dict[str, Served]
    shops_changed: int
    moved: Moved
    failures: list[AuditFailure]

    @property
    def shops_held_back(self) -> set[UUID]:
        """The shops that stay on their last good build."""
        return {failure.shop_id for failure in self.failures}


def publish(
    connection: psycopg.Connection,
    models: Sequence[PublishedModel],
    removed_columns: Collection[str] = (),
    every_row: bool = False,
) -> Publication:
    """Publish all models and each shop's build row, all or nothing; before it, prepare the tables for changed models.

    Args:
        connection: of the role that owns `reports`, on the primary, not in a transaction.
        models: the tables to serve.
        removed_columns: columns that are declared as taken out; others that reports show must still be built.
        every_row: compare all rows instead of those that changed.

    Raises:
        RuntimeError: dbt has not built all models up to the same change, a published column would be lost, a
            served table lacks its unique index, grant or row-level security, or was in use all the time that a column
            was to be added.
        psycopg.Error: the database refused; nothing is published then.
    """
    prepare_columns(connection, models, removed_columns)
    prepare_grains(connection, models)
    # One snapshot for all tables. Of a build by hand in the meantime it may see a part: `read_shop_state` refuses that.
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    read = ["fct_ledger", "int_shops_frozen", *(model.name for model in models)]
    built = [name for name in read if columns_of(connection, "analytics", name)]
    with connection.transaction():
        # Before the snapshot is taken: dbt by hand, which truncates and swaps tables, waits, or had its end before.
        if built:
            tables_read = sql.SQL(", ").join(sql.Identifier("analytics", name) for name in built)
            connection.execute(sql.SQL("lock table {} in access share mode").format(tables_read))
        connection.execute(files(__package__).joinpath("publish.sql").read_bytes())
        for table in _TABLES_OF_SHOPS:
            secure_table(connection, table)
        state = read_shop_state(connection, models)
        if state.is_history_new or every_row:  # for joins of whole tables; one runs at a time
            connection.execute("set local work_mem = '256MB'")
        else:  # dbt: look_up_changes
            connection.execute("set local random_page_cost = 1.1")
        moved = read_moved(connection)
        failures = audit(connection, whole_history=state.is_history_new)
        held_back = sorted({failure.shop_id for failure in failures})
        tables = {}
        for model in models:
            waiting = held_back if model.is_held_back else []
            if create_table(connection, model):
                tables[model.name] = fill_table(connection, model, waiting)
                index_table(connection, model)
            else:
                check_columns(connection, model, removed_columns)
                whole = state.compared_whole(model, waiting, every_row)
                tables[model.name] = serve_rows(connection, model, Scope(waiting, whole))
                add_serving_indexes(connection, model)
            secure_table(connection, model)
            check_table(connection, model)
        build_id, changed = _stamp(connection, state, held_back, set().union(*(one.shops for one in tables.values())))
        remember_shops(connection, state, held_back)
    drop_columns(connection, models, removed_columns)
    return Publication(build_id, state.as_of, tables, changed, moved, failures)


def stamp_change_by_hand(connection: psycopg.Connection, shop_id: UUID) -> None:
    """Note a row changed apart from a publication: what is kept of the shop's answers is then computed anew."""
    connection.execute(
        """
        with stamped as (
            insert into reports.builds (as_of, built_at)
            select as_of, now() from reports.builds order by build_id desc limit 1
            returning build_id, built_at
        )
        update reports.shop_builds as shops
        set build_id = stamped.build_id, built_at = stamped.built_at
        from stamped
        where shops.shop_id = %s
        """,
        (shop_id,),
    )


def _stamp(
    connection: psycopg.Connection, state: ShopState, held_back: Sequence[UUID], shops: set[UUID | None]
) -> tuple[int, int]:
    """Write the build's row and each shop's; a shop without new numbers keeps its build id.

    `shops` holds null if something changed that concerns all of them.
    """
    row = connection.execute("select max(build_id) from reports.builds").fetchone()
    latest: int | None = row[0] if row else None
    if shops or latest is None:
        row = connection.execute(
            "insert into reports.builds (as_of, built_at) values (%s, now()) returning build_id", (state.as_of,)
        ).fetchone()
        assert row is not None
        latest = int(row[0])
    changed = connection.execute(
        """
        insert into reports.shop_builds as served (shop_id, build_id, as_of, built_at)
        select shop_id, %(build_id)s, %(as_of)s, now() from reports.dim_shops where shop_id <> all(%(held_back)s)
        on conflict (shop_id) do update set
            as_of = excluded.as_of,
            (build_id, built_at) = (
                select changed.build_id, changed.built_at
                from (values (excluded.build_id, excluded.built_at, true), (served.build_id, served.built_at, false))
                    as changed (build_id, built_at, is_changed)
                where changed.is_changed = (%(all)s or served.shop_id = any(%(shops)s))
            )
        returning build_id = %(build_id)s and built_at = now()
        """,
        {
            "build_id": latest,
            "as_of": state.as_of,
            "all": None in shops,
            "shops": [shop for shop in shops if shop],
            "held_back": held_back,
        },
    ).fetchall()
    connection.execute("delete from reports.shop_builds where shop_id not in (select shop_id from reports.dim_shops)")
    return latest, sum(is_changed for (is_changed,) in changed)
