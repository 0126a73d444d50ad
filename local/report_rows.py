"""Every row of every report from two schemas that hold the same data, and which of their numbers differ.

The reports' own SQL computes the rows, over all history, so that what is compared is what an answer would show.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any
from uuid import UUID

import asyncpg

from api.reports.blocks import Block
from api.reports.metrics import Metrics
from api.reports.missing_rates import missing_rate_statement
from api.reports.published import read_metrics
from api.reports.query import Filters, ReportQuery, Shop
from api.reports.registry import REPORTS
from api.reports.report import Report
from api.reports.scope import SHOP, Statement
from api.reports.window import GRANULARITIES, Granularity, Window

_TABLE_SQL = """
    create temporary table report_rows (
        schema_name text, report text, shop_id uuid, currency text, key jsonb, cells jsonb
    )
"""
# A row that only one side has differs as such, and in its numbers that are not 0. The largest difference is shown:
# summed over rows it would say nothing of a state.
_DIFFERENCES_SQL = """
    with rows_differing as (
        select report, shop_id, currency, key, base.cells as base, head.cells as head
        from (select * from report_rows where schema_name = $1) as base
        full join (select * from report_rows where schema_name = $2) as head
            using (report, shop_id, currency, key)
        where base.cells is distinct from head.cells
    ),
    cells_differing as (
        select report, shop_id, currency, key, name, base ->> name as base, head ->> name as head
        from rows_differing
        cross join lateral jsonb_object_keys(coalesce(base, '{}') || coalesce(head, '{}')) as name
        where base -> name is distinct from head -> name and not (
            (base is null or head is null) and coalesce(base ->> name, head ->> name) ~ '^[0.]+$'
        )
        union all
        select report, shop_id, currency, key, '(row)', (base is not null)::int::text, (head is not null)::int::text
        from rows_differing
        where base is null or head is null
    ),
    sized as (
        select *, case when coalesce(base, '0') ~ '^-?[0-9.]+$' and coalesce(head, '0') ~ '^-?[0-9.]+$'
            then coalesce(head, '0')::numeric - coalesce(base, '0')::numeric end as size
        from cells_differing
    )
    select distinct on (report, shop_id, currency, name)
        report, shop_id, currency, name,
        count(*) over (partition by report, shop_id, currency, name) as rows,
        key::text, base, head, size
    from sized
    order by report, shop_id, currency, name, abs(size) desc nulls last, key::text
"""


@dataclass(frozen=True)
class Difference:
    """A number of a report that is not the same in both schemas.

    Attributes:
        report: report and block, with the granularity of a series.
        shop_id, currency: whose, and in which currency.
        name: the metric, another column, `(row)` where one side lacks the row, or `refused` where it lacks a rate.
        rows: in how many rows it differs.
        key, base, head, size: the largest of these: its row, its value on both sides as shown, and head less base;
            None where there is none.
    """

    report: str
    shop_id: UUID
    currency: str
    name: str
    rows: int
    key: str
    base: str | None
    head: str | None
    size: Any


async def keep_rows(connection: asyncpg.Connection, schemas: tuple[str, ...]) -> int:
    """Compute every report of every shop, in each of its currencies, from each of the schemas.

    Returns:
        The number of rows.

    Raises:
        asyncpg.PostgresError: a schema lacks what a report reads.
    """
    await connection.execute(_TABLE_SQL)
    windows = await _windows(connection, schemas)
    for schema in schemas:
        async with connection.transaction():
            # the reports' SQL names the schema that is served, so this one is it for as long as the transaction lasts
            await connection.execute(f"alter schema {schema} rename to reports")
            await _keep_rows_of(connection, schema, windows)
            await connection.execute(f"alter schema reports rename to {schema}")
    return int(await connection.fetchval("select count(*) from report_rows"))


async def differences(connection: asyncpg.Connection, base: str, head: str) -> list[Difference]:
    """Return what differs between two schemas whose rows are kept."""
    return [Difference(**row) for row in await connection.fetch(_DIFFERENCES_SQL, base, head)]


async def _windows(connection: asyncpg.Connection, schemas: tuple[str, ...]) -> dict[UUID, Window]:
    """Return all history of each shop, the same for all schemas."""
    days = " union all ".join(f"select shop_id, starts_on from {schema}.rollup_variants_daily" for schema in schemas)
    rows = await connection.fetch(f"select shop_id, min(starts_on), max(starts_on) from ({days}) as days group by 1")
    return {row["shop_id"]: Window(row["min"], row["max"]) for row in rows}


async def _keep_rows_of(connection: asyncpg.Connection, schema: str, windows: dict[UUID, Window]) -> None:
    metrics = await read_metrics(connection)
    for shop, offers in await _shops(connection):
        for currency, (report, granularity) in product(shop.currencies, _variations()):
            if shop.shop_id not in windows:
                continue
            query = ReportQuery(
                shop, metrics, windows[shop.shop_id], currency,
                Filters(offers if report.needs_offers else ()), granularity,
            )  # fmt: skip
            for block in report.blocks:
                if block.grouping.is_series or granularity == "day":
                    await _keep_block(connection, schema, report, _with_known_metrics(block, metrics), query)
            await _keep_refusal(connection, schema, report, query)


def _variations() -> Iterator[tuple[Report, Granularity]]:
    for report in REPORTS.values():
        for granularity in GRANULARITIES if report.has_series else GRANULARITIES[:1]:
            yield report, granularity


async def _shops(connection: asyncpg.Connection) -> list[tuple[Shop, tuple[UUID, ...]]]:
    rows = await connection.fetch(
        """
        select shop_id, currency, timezone, current_date as today,
            array(select offer_id from reports.dim_offers where shop_id = shops.shop_id) as offers,
            array(
                select array[currency, minor_digits::text] from reports.dim_shop_currencies
                where shop_id = shops.shop_id
            ) as currencies
        from reports.dim_shops as shops
        """
    )
    return [
        (
            Shop(
                row["shop_id"], row["currency"], row["timezone"],
                {currency: int(digits) for currency, digits in row["currencies"]}, row["today"],
            ),
            tuple(row["offers"]),
        )
        for row in rows
    ]  # fmt: skip


def _with_known_metrics(block: Block, metrics: Metrics) -> Block:
    """Leave out a metric that this schema's revision doesn't define; the other side's rows will show it."""
    return block if block.metrics is None else replace(block, metrics=metrics.in_order(block.metrics))


async def _keep_block(
    connection: asyncpg.Connection, schema: str, report: Report, block: Block, query: ReportQuery
) -> None:
    statement = block.statement(query.shape)
    names = list(block.columns)[: len(block.grouping.columns) or int(block.grouping.is_series)]
    pairs = ", ".join(f"'{name}', line -> '{name}'" for name in names)
    told = ", ".join(f"'{name}'" for name in names)
    by = f" by {query.granularity}" if block.grouping.is_series else ""
    await _insert(
        connection, schema, f"{report.name}.{block.key}{by}", query,
        f"select jsonb_build_object({pairs}), line - array[{told}]::text[]"
        f" from (select to_jsonb(lines) as line from ({statement}) as lines) as lines",
    )  # fmt: skip


async def _keep_refusal(connection: asyncpg.Connection, schema: str, report: Report, query: ReportQuery) -> None:
    if (missing := missing_rate_statement(report.blocks, query.shape)) is not None:
        by = f" by {query.granularity}" if report.has_series else ""
        cells = f"jsonb_build_object('refused', exists ({missing}))"
        await _insert(connection, schema, report.name + by, query, f"select jsonb_build_object(), {cells}")


async def _insert(connection: asyncpg.Connection, schema: str, report: str, query: ReportQuery, rows: str) -> None:
    statement = Statement.of(
        f"insert into report_rows select '{schema}', '{report}', {SHOP}, {{currency:text}}, rows.*"
        f" from ({rows}) as rows"
    )
    await connection.execute(statement.text, *statement.values(query))
