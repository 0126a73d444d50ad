"""Fills the application's tables, in one transaction, with set-based SQL on the server.

The database draws the rows itself, by hashes: nothing crosses the wire, and rows of a table are drawn from
those of the one before.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow, tuple_row

from local.demo.options import DemoOptions
from local.demo.shops import DemoShop, plan_shops
from local.demo.steps import STEPS, TABLES, Step

ReportProgress = Callable[[str, int, int], None]
Parameters = dict[str, object]
Cursor = psycopg.ClientCursor[TupleRow]

# Enough to keep a statement's sorts in memory (work_mem in stage.sql), few enough to see progress.
ORDERS_IN_A_SLICE = 50_000
FIRST_ORDER_ID = 5_000_000_001  # beyond int4, so that a cast to int fails at once


def load_demo(
    connection: psycopg.Connection[Any], options: DemoOptions, progress: ReportProgress | None = None
) -> dict[str, int]:
    """Fill every app table, all or nothing, and return the number of rows of each.

    progress: called with a table's name, its rows written so far, and its rows in all: an estimate,
        at first the number of orders, and exact in the last call for each table.
    The tables must be empty; the role must be able to write them and to create temporary tables.
    """
    report = progress or (lambda table, done, total: None)
    options = replace(options, until=options.last_day)  # settled now, or midnight could come in between
    if options.last_day > datetime.now(UTC).date():
        raise ValueError(f"until is {options.last_day}, in the future: give today (UTC) or earlier")
    # A client-side cursor writes the options into the SQL as literals: the body of a function takes no
    # parameters, and a file of several statements none either.
    with connection.transaction(), psycopg.ClientCursor(connection, row_factory=tuple_row) as cursor:
        refuse_filled_tables(cursor)
        parameters = name_parameters(options)
        cursor.execute(read_sql("stage.sql"), parameters)
        stage_shops(cursor, plan_shops(options.shops, options.orders))
        for step in STEPS:
            run_step(cursor, step, parameters, options.orders, report)
        return finish(cursor)


def refuse_filled_tables(cursor: Cursor) -> None:
    """Raise if a table has rows: demo data never mixes with other data."""
    for table in TABLES:
        cursor.execute(sql.SQL("select exists (select from {})").format(sql.Identifier("app", table)))
        if cursor.fetchone() == (True,):
            raise ValueError(f"app.{table} has rows: demo data goes into empty tables only")


def name_parameters(options: DemoOptions) -> Parameters:
    """The values that the SQL files name."""
    return {
        "seed": options.seed,
        "first_order_id": FIRST_ORDER_ID,
        "days": options.days,
        "first_day": options.first_day,
        "last_day": options.last_day,
        "horizon": options.horizon,
    }


def read_sql(file: str) -> str:
    """One of this package's SQL files."""
    return files("local.demo").joinpath(file).read_text("utf-8")


def stage_shops(cursor: Cursor, shops: list[DemoShop]) -> None:
    """Write the planned shops into the table that all the SQL files read."""
    with cursor.copy(
        "copy demo_shop (number, id, name, domain, orders, first_slot, customers, first_customer, currency,"
        " timezone, reporting_currencies, unit, price_factor, price_step, charm, fixed_deposit) from stdin"
    ) as copy:
        for shop in shops:
            own = (shop.number, shop.id, shop.name, shop.domain)
            numbers = (shop.orders, shop.first_slot, shop.customers, shop.first_customer)
            region = shop.region
            place = (region.currency, region.timezone, list(region.reporting_currencies))
            prices = (region.unit, region.price_factor, region.price_step, region.charm, region.fixed_deposit)
            copy.write_row((*own, *numbers, *place, *prices))


def run_step(cursor: Cursor, step: Step, parameters: Parameters, orders: int, report: ReportProgress) -> None:
    """Run one file, over all orders at once or slice by slice, and report its tables' rows."""
    statements = read_sql(step.file)
    for table in step.tables:
        report(table, 0, orders)
    if not step.is_sliced:
        cursor.execute(statements, parameters)
        for table in step.tables:
            rows = count_rows(cursor, table)
            report(table, rows, rows)
        return
    slices = list(slice_orders(orders))
    written = 0
    for done, bounds in enumerate(slices, start=1):
        cursor.execute(statements, {**parameters, **bounds})
        written += cursor.rowcount
        for table in step.tables:
            report(table, written, written * len(slices) // done)


def slice_orders(orders: int) -> Iterator[Parameters]:
    """Ranges of order ids that cover all orders."""
    end = FIRST_ORDER_ID + orders
    for first in range(FIRST_ORDER_ID, end, ORDERS_IN_A_SLICE):
        yield {"first_order": first, "last_order": min(first + ORDERS_IN_A_SLICE, end) - 1}


def finish(cursor: Cursor) -> dict[str, int]:
    """Gather the planner's statistics, which autovacuum would bring only later, and count the rows."""
    cursor.execute("drop function pg_temp.wait, pg_temp.draw, pg_temp.chance")
    for table in TABLES:
        cursor.execute(sql.SQL("analyze {}").format(sql.Identifier("app", table)))
    return {table: count_rows(cursor, table) for table in TABLES}


def count_rows(cursor: Cursor, table: str) -> int:
    """The number of rows of an app table."""
    cursor.execute(sql.SQL("select count(*) from {}").format(sql.Identifier("app", table)))
    return int(cursor.fetchall()[0][0])
