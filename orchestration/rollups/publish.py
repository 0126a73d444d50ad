"""Publishing: one transaction brings every table of `reports` to what dbt built in `analytics`.

Only the rows that differ are written, so readers on the replica keep what they have, and nothing under
them is dropped, truncated or locked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from uuid import UUID

import psycopg
from psycopg import sql

from orchestration.rollups.dbt_project import PublishedModel
from orchestration.rollups.serving_tables import align_table, columns_of, secure_table

_SHOP_BUILDS = PublishedModel("shop_builds", grain=("shop_id",))


@dataclass(frozen=True)
class Publication:
    """What a publication changed.

    Attributes:
        build_id: the build now shown to the shops that changed.
        as_of: every change committed to the source before this instant (UTC) is in it.
        rows_removed, rows_added: by table; a changed row counts in both.
        shops_changed: number of shops with new numbers.
    """

    build_id: int
    as_of: datetime
    rows_removed: dict[str, int]
    rows_added: dict[str, int]
    shops_changed: int


def publish(connection: psycopg.Connection, models: Sequence[PublishedModel]) -> Publication:
    """Publish all models and each shop's build row, all or nothing.

    Args:
        connection: of the role that owns `reports`, on the primary, not in a transaction.
        models: the tables to serve.

    Raises:
        RuntimeError: dbt has not built the ledger yet, or a published column would be lost.
        psycopg.Error: the database refused; nothing is published then.
    """
    # One snapshot for all tables: a build by hand in the meantime is seen whole or not at all.
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with connection.transaction():
        connection.execute(files(__package__).joinpath("publish.sql").read_bytes())
        secure_table(connection, _SHOP_BUILDS)
        as_of = _build_as_of(connection)
        removed: dict[str, int] = {}
        added: dict[str, int] = {}
        shops: set[UUID | None] = set()
        for model in models:
            align_table(connection, model)
            for rows, statement in ((removed, _remove(connection, model)), (added, _add(connection, model))):
                count, touched = connection.execute(statement).fetchone() or (0, [])
                rows[model.name] = count
                shops.update(touched)
            secure_table(connection, model)
        build_id, changed = _stamp(connection, as_of, shops)
    return Publication(build_id, as_of, removed, added, changed)


def _build_as_of(connection: psycopg.Connection) -> datetime:
    row = connection.execute("select as_of from analytics.build_watermarks").fetchone()
    if row is None:
        raise RuntimeError("nothing to publish: dbt has not built the ledger yet")
    as_of: datetime = row[0]
    return as_of


def _remove(connection: psycopg.Connection, model: PublishedModel) -> sql.Composed:
    """Delete the rows that were not built, or not with these values."""
    nullable = {name for name, is_nullable in columns_of(connection, "reports", model.name) if is_nullable}
    same_row = sql.SQL(" and ").join(
        sql.SQL("served.{0} is not distinct from gone.{0}" if name in nullable else "served.{0} = gone.{0}").format(
            sql.Identifier(name)
        )
        for name in model.grain
    )
    return sql.SQL(
        "with removed as (delete from {served} as served using ({difference}) as gone"
        " where {same_row} returning {shop} as shop_id) {summary} removed"
    ).format(
        served=sql.Identifier("reports", model.name),
        difference=_difference(connection, model, "reports", "analytics"),
        same_row=same_row,
        shop=sql.SQL("served.shop_id" if model.is_per_shop else "null::uuid"),
        summary=_SUMMARY,
    )


def _add(connection: psycopg.Connection, model: PublishedModel) -> sql.Composed:
    """Insert the rows that are built and not served."""
    columns = [sql.Identifier(name) for name, _ in columns_of(connection, "analytics", model.name)]
    return sql.SQL(
        "with added as (insert into {served} ({columns}) {difference} returning {shop} as shop_id) {summary} added"
    ).format(
        served=sql.Identifier("reports", model.name),
        columns=sql.SQL(", ").join(columns),
        difference=_difference(connection, model, "analytics", "reports"),
        shop=sql.SQL("shop_id" if model.is_per_shop else "null::uuid"),
        summary=_SUMMARY,
    )


_SUMMARY = sql.SQL("select count(*), coalesce(array_agg(distinct shop_id), '{}') from")


def _difference(connection: psycopg.Connection, model: PublishedModel, left: str, right: str) -> sql.Composed:
    columns = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns_of(connection, "analytics", model.name))
    return sql.SQL("select {columns} from {left} except select {columns} from {right}").format(
        columns=columns, left=sql.Identifier(left, model.name), right=sql.Identifier(right, model.name)
    )


def _stamp(connection: psycopg.Connection, as_of: datetime, shops: set[UUID | None]) -> tuple[int, int]:
    """Write the build's row and each shop's; a shop without new numbers keeps its build id.

    `shops` holds null if something changed that concerns all of them.
    """
    row = connection.execute("select max(build_id) from reports.builds").fetchone()
    latest: int | None = row[0] if row else None
    if shops or latest is None:
        row = connection.execute(
            "insert into reports.builds (as_of, built_at) values (%s, now()) returning build_id", (as_of,)
        ).fetchone()
        assert row is not None
        latest = int(row[0])
    changed = connection.execute(
        """
        insert into reports.shop_builds as served (shop_id, build_id, as_of, built_at)
        select shop_id, %(build_id)s, %(as_of)s, now() from reports.dim_shops
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
        {"build_id": latest, "as_of": as_of, "all": None in shops, "shops": [shop for shop in shops if shop]},
    ).fetchall()
    connection.execute("delete from reports.shop_builds where shop_id not in (select shop_id from reports.dim_shops)")
    return latest, sum(is_changed for (is_changed,) in changed)
