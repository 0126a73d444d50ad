"""Whichever rollup is chosen, by scope and window, the sums and counts are the ledger's."""

import asyncio
import itertools
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from conftest import Stack

from api.reports.breakdown import grouped
from api.reports.metrics import Metric, Metrics
from api.reports.published import read_published
from api.reports.query import Filters, ReportQuery, Shape
from api.reports.rollups import ROLLUPS
from api.reports.scope import Grouping, Statement, bucket
from api.reports.window import GRANULARITIES, Window

WINDOWS = [
    Window(date(2025, 1, 1), date(2025, 3, 31)),  # whole months
    Window(date(2024, 10, 17), date(2025, 6, 12)),  # both edges
    Window(date(2025, 2, 1), date(2025, 5, 20)),  # one edge
    Window(date(2025, 1, 20), date(2025, 2, 11)),  # two parts of months
    Window(date(2025, 2, 10), date(2025, 2, 16)),  # within a month
    Window(date(2025, 2, 14), date(2025, 2, 14)),
    Window(date(2023, 1, 1), date(2026, 1, 1)),  # everything
]
SUMS = ("units", "revenue", "balances_collected", "refunds_count", "balances_outstanding", "lines_outstanding")
COUNTS = ("orders", "customers", "cancelled_orders")
BREAKDOWNS = {
    (): (*SUMS, *COUNTS),
    ("offer_id",): (*SUMS, *COUNTS),
    ("product_id",): (*SUMS, *COUNTS),
    ("offer_id", "variant_id"): (*SUMS, *COUNTS),
    ("cancel_reason",): ("cancelled_units", "cancelled_revenue", "cancelled_orders"),
    ("customer_id",): ("units", "revenue", "balances_outstanding"),
}


@dataclass
class Published:
    """A shop with many orders, as published."""

    connection: asyncpg.Connection
    query: ReportQuery
    offers: tuple[UUID, ...]
    some_line: dict[str, Any]

    def metrics(self, names: tuple[str, ...]) -> tuple[Metric, ...]:
        return self.query.metrics.named(names)

    def scopes(self) -> list[Filters]:
        line = self.some_line
        return [
            Filters(),
            Filters((line["offer_id"],)),
            Filters(self.offers[:3]),
            Filters(product_id=line["product_id"]),
            Filters((line["offer_id"],), product_id=line["product_id"]),
            Filters(variant_id=line["variant_id"]),
            Filters(market_id=line["market_id"]),
        ]


def compare(stack: Stack, check: Any) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(stack.environment["PREORDERS_PRIMARY_DSN"])
        try:
            async with connection.transaction():
                row = await connection.fetchrow(
                    "select shop_id, currency, offer_id, product_id, variant_id, market_id, customer_id"
                    " from analytics.fct_ledger where entry = 'placed' and market_id is not null"
                    " and shop_id <> '00000000-0000-0000-0000-00000000c0de' order by shop_id, entry_on limit 1"
                )
                offers = await connection.fetch(
                    "select offer_id from reports.dim_offers where shop_id = $1 order by 1", row["shop_id"]
                )
                published, _ = await read_published(connection, row["shop_id"])
                query = ReportQuery(published.shop, published.metrics, WINDOWS[0], row["currency"])
                await check(Published(connection, query, tuple(one["offer_id"] for one in offers), dict(row)))
        finally:
            await connection.close()

    asyncio.run(run())


def counted(metric: Metric, in_window: str) -> str:
    if metric.kind == "distinct":
        assert metric.day is not None
        entry = metric.day.removesuffix("_on")
        return f"count(distinct {metric.entity}) filter (where entry = '{entry}' and {in_window})"
    return f"sum({metric.column}) filter (where {in_window if metric.kind == 'additive' else 'true'})"


async def of_ledger(
    published: Published, query: ReportQuery, keys: list[str], metrics: tuple[Metric, ...]
) -> dict[Any, Any]:
    filters = query.filters
    in_window = f"entry_on >= '{query.window.first}'"
    where = [f"shop_id = '{query.shop.shop_id}'", f"currency = '{query.currency}'", f"entry_on < '{query.window.end}'"]
    if filters.offer_ids:
        where.append(f"offer_id in ({', '.join(repr(str(one)) for one in filters.offer_ids)})")
    for name in ("product_id", "variant_id", "market_id"):
        if getattr(filters, name) is not None:
            where.append(f"{name} = {getattr(filters, name)}")
    values = ", ".join(f"{counted(metric, in_window)} as {metric.name}" for metric in metrics)
    named = [f"{key} as key_{number}" for number, key in enumerate(keys)]
    by_keys = f" group by {', '.join(str(number + 1) for number in range(len(keys)))}" if keys else ""
    statement = f"select {', '.join([*named, values])} from analytics.fct_ledger where {' and '.join(where)}{by_keys}"
    return told(await published.connection.fetch(statement), len(keys), metrics)


async def of_rollups(
    published: Published, query: ReportQuery, grouping: Grouping, metrics: tuple[Metric, ...]
) -> dict[Any, Any]:
    keys = ", ".join((*grouping.keys, *(metric.name for metric in metrics)))
    statement = Statement.of(f"select {keys} from ({grouped(query.shape, grouping, metrics)}) as grouped")
    rows = await published.connection.fetch(statement.text, *statement.values(query))
    return told(rows, len(grouping.keys), metrics)


def told(rows: list[Any], keys: int, metrics: tuple[Metric, ...]) -> dict[Any, Any]:
    shown = {tuple(row)[:keys]: [int(row[metric.name] or 0) for metric in metrics] for row in rows}
    return {key: values for key, values in shown.items() if any(values)}


def asked(published: Published, scope: Filters, window: Window, **more: Any) -> ReportQuery:
    query = published.query
    return ReportQuery(query.shop, query.metrics, window, query.currency, scope, **more)


def test_every_rollup_is_chosen_by_some_breakdown() -> None:
    shapes = (Shape(Metrics(())), Shape(Metrics(()), has_offer=True))
    chosen = {Grouping(keys).rollup(shape) for keys in [*BREAKDOWNS, ("balance_due_on",)] for shape in shapes}
    assert chosen == set(ROLLUPS)


@pytest.mark.parametrize("keys", BREAKDOWNS, ids="-".join)
def test_totals_and_breakdowns_equal_the_ledger(built: Stack, keys: tuple[str, ...]) -> None:
    async def check(published: Published) -> None:
        metrics, grouping, rows = published.metrics(BREAKDOWNS[keys]), Grouping(keys), 0
        for scope, window in itertools.product(published.scopes(), WINDOWS):
            query = asked(published, scope, window)
            try:
                grouping.rollup(query.shape)
            except ValueError:
                continue  # no report asks for it
            expected = await of_ledger(published, query, list(keys), metrics)
            if keys == ("customer_id",):
                expected.pop((None,), None)
            if keys == ("cancel_reason",):
                expected = {key: values for key, values in expected.items() if key != (None,)}
            assert await of_rollups(published, query, grouping, metrics) == expected, f"{scope} {window}"
            rows += len(expected)
        assert rows > 20

    compare(built, check)


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_series_equal_the_ledger(built: Stack, granularity: Any) -> None:
    async def check(published: Published) -> None:
        # states run on from bucket to bucket: the oracle knows them
        metrics = published.metrics(("units", "revenue", *COUNTS))
        rows = 0
        for scope, window in itertools.product(published.scopes(), WINDOWS[:-1]):
            query = asked(published, scope, window, granularity=granularity)
            expected = await of_ledger(published, query, [bucket(query.shape, "entry_on")], metrics)
            expected = {key: values for key, values in expected.items() if key[0] is not None}
            found = await of_rollups(published, query, Grouping(is_series=True), metrics)
            in_window = {key: values for key, values in expected.items() if any(values)}
            assert found == in_window, f"{scope} {window}"
            rows += len(found)
        assert rows > 20

    compare(built, check)
