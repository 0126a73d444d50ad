"""Bringing one served table to what dbt built: only rows that differ are written, and only changed ones looked at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg import sql

from orchestration.rollups.dbt_project import PublishedModel
from orchestration.rollups.serving_columns import columns_of
from orchestration.rollups.serving_tables import indexed_sql


@dataclass(frozen=True)
class Scope:
    """Which shops' rows are published.

    Attributes:
        held_back: none of these.
        compared_whole: of these every row is compared; of all others those that the ledger's changes concern.
    """

    held_back: Sequence[UUID]
    compared_whole: Sequence[UUID]


@dataclass(frozen=True)
class Served:
    """What changed in a table.

    Attributes:
        removed, written: numbers of rows.
        shops: whose rows they are; null for rows of all shops.
    """

    removed: int
    written: int
    shops: frozenset[UUID | None]


def fill_table(connection: psycopg.Connection, model: PublishedModel, held_back: Sequence[UUID]) -> Served:
    """Copy all rows into a table that was just made, but for those of the shops held back."""
    scope = sql.SQL("where shop_id <> all(%(held_back)s)" if model.is_per_shop else "")
    served = sql.Identifier("reports", model.name)
    columns = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns_of(connection, "reports", model.name))
    written = connection.execute(
        sql.SQL("insert into {} ({columns}) select {columns} from {} {}").format(
            served, sql.Identifier("analytics", model.name), scope, columns=columns
        ),
        {"held_back": list(held_back)},
    ).rowcount
    shop = sql.SQL("shop_id" if model.is_per_shop else "null::uuid")
    shops = connection.execute(sql.SQL("select distinct {} from {}").format(shop, served)).fetchall()
    return Served(0, written, frozenset(shop for (shop,) in shops))


def serve_rows(connection: psycopg.Connection, model: PublishedModel, scope: Scope) -> Served:
    """Remove the rows that are no longer built, write those that are new or have other values.

    Args:
        connection: in the publish transaction.
        model: the table; it exists with the model's columns.
        scope: the shops concerned.
    """
    # the built ones: a column that is removed is still served, and dropped afterwards
    columns = [name for name, _ in columns_of(connection, "analytics", model.name)]
    nullable = {name for name, is_nullable in columns_of(connection, "reports", model.name) if is_nullable}
    statements = _Statements(model, columns, nullable)
    parameters = {"held_back": list(scope.held_back), "whole": list(scope.compared_whole)}
    removed = written = 0
    shops: set[UUID | None] = set()
    # by changes first: what is compared whole is another set of shops
    for by_changes in (True, False) if model.is_moved else (False,):
        if model.is_moved and not by_changes and not scope.compared_whole:
            continue
        row = connection.execute(statements.serve(by_changes), parameters).fetchone()
        assert row is not None
        removed, written = removed + row[0], written + row[1]
        shops.update(row[2])
    return Served(removed, written, frozenset(shops))


@dataclass(frozen=True)
class _Statements:
    model: PublishedModel
    columns: Sequence[str]
    nullable: set[str]

    def serve(self, by_changes: bool) -> sql.Composed:
        """Return a statement that makes the served rows those that are built."""
        values = [name for name in self.columns if name not in self.model.grain]
        update = (
            sql.SQL("update set {}").format(
                sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in values)
            )
            if values
            else sql.SQL("nothing")
        )
        return sql.SQL(
            "with changed as materialized ({changed}), built as {once} ({built}), shown as {once} ({shown}),"
            " gone as (select {grain} from shown except select {grain} from built),"
            " removed as (delete from {served} as served using gone where {same} returning {shop} as shop_id),"
            " written as (insert into {served} as served ({columns})"
            " select {columns} from built except select {columns} from shown"
            " on conflict ({indexed_grain}) do {update} returning {shop} as shop_id) {summary}"
        ).format(
            changed=self._changed(),
            # few rows are looked up once for both; a whole table is sooner read twice than written to disk in between
            once=sql.SQL("materialized" if by_changes else "not materialized"),
            built=self._rows("analytics", by_changes),
            shown=self._rows("reports", by_changes),
            grain=_listed(self.model.grain),
            indexed_grain=indexed_sql(self.model.indexed_grain),
            columns=_listed(self.columns),
            served=sql.Identifier("reports", self.model.name),
            same=self._same("served", "gone", self.model.grain),
            update=update,
            shop=self._shop(),
            summary=_SUMMARY,
        )

    def _rows(self, schema: str, by_changes: bool) -> sql.Composed:
        return sql.SQL("select {} from {} as compared {} where {}").format(
            sql.SQL(", ").join(sql.Identifier("compared", name) for name in self.columns),
            sql.Identifier(schema, self.model.name),
            sql.SQL("cross join changed" if by_changes else ""),
            self._scope("compared", by_changes),
        )

    def _shop(self) -> sql.SQL:
        return sql.SQL("served.shop_id" if self.model.is_per_shop else "null::uuid")

    def _changed(self) -> sql.Composed:
        """Return a query for the keys of the ledger's rows that came or went."""
        if not self.model.is_moved:
            return sql.SQL("select").format()
        keys = sql.SQL(", ").join(
            sql.SQL("{} as {}").format(self._key(name), sql.Identifier(name)) for name in self.model.changes_by
        )
        return sql.SQL(
            "select distinct {} from analytics.ledger_changes"
            " where shop_id <> all(%(held_back)s) and shop_id <> all(%(whole)s)"
        ).format(keys)

    def _key(self, column: str) -> sql.Composable:
        if column != "starts_on":
            return sql.Identifier(column)
        return sql.SQL("date_trunc({}, entry_on::timestamp)::date").format(sql.Literal(self.model.period))

    def _scope(self, table: str, by_changes: bool) -> sql.Composable:
        if by_changes:
            return self._same(table, "changed", self.model.changes_by)
        if not self.model.is_per_shop:
            return sql.SQL("true")
        shop = sql.Identifier(table, "shop_id")
        if self.model.is_moved:
            return sql.SQL("{0} = any(%(whole)s)").format(shop)
        return sql.SQL("{0} <> all(%(held_back)s)").format(shop)

    def _same(self, left: str, right: str, columns: Iterable[str]) -> sql.Composed:
        # equality where it serves: "is not distinct from" uses neither an index nor a hash
        return sql.SQL(" and ").join(
            sql.SQL("{} is not distinct from {}" if name in self.nullable else "{} = {}").format(
                sql.Identifier(left, name), sql.Identifier(right, name)
            )
            for name in columns
        )


_SUMMARY = sql.SQL(
    "select (select count(*) from removed), (select count(*) from written), array(select distinct shop_id"
    " from (select shop_id from removed union all select shop_id from written) as touched)"
)


def _listed(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
