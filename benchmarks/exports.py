"""The export of five million rows beside psql's copy of the same query, and its memory beside a small one's."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from uuid import UUID

import asyncpg
import psycopg
from asyncpg.utils import _mogrify

from api.reports.answer import resolve_published
from api.reports.contract import check
from api.reports.registry import REPORTS
from api.reports.scope import Statement
from benchmarks.measuring import Row, part_stopped
from local.database_folder import binaries_of
from local.environment import process_environment
from local.home import Home

LARGE, SMALL = 5_000_000, 5_000
WINDOW = {"from": "2026-01-01", "to": "2026-12-31", "currency": "USD"}
# Straight into the published tables, of a shop that no build knows: customers with one order each.
_FILL = (
    "insert into reports.dim_shops (shop_id, shop_name, currency, timezone) values (%(shop)s, 'Large', 'USD', 'UTC')",
    """insert into reports.dim_shop_currencies (shop_id, currency, minor_digits, is_shop_currency)
       values (%(shop)s, 'USD', 2, true)""",
    """insert into reports.shop_builds (shop_id, build_id, as_of, built_at)
       select %(shop)s, max(build_id), now(), now() from reports.builds""",
    """insert into reports.dim_customers (shop_id, customer_id, email, customer_name)
       select %(shop)s, n, 'customer.' || n || '@example.com', 'Customer ' || n
       from generate_series(1, %(rows)s) as n""",
    """insert into reports.rollup_customers_daily
           (shop_id, currency, starts_on, customer_id, offer_id, units, revenue_minor, deposits_collected_minor,
            balances_collected_minor, refunds_issued_minor, balances_outstanding_minor, events, entries)
       select %(shop)s, 'USD', date '2026-01-01' + n %% 300, n, %(shop)s, 1, n %% 90000, 100, 0, 0, 0, 1, 1
       from generate_series(1, %(rows)s) as n""",
    """insert into reports.fct_order_variants
           (shop_id, order_id, offer_id, product_id, variant_id, customer_id, placed_at, placed_on)
       select %(shop)s, n, %(shop)s, 1, 1, n, timestamptz '2026-01-01' + n %% 300 * interval '1 day',
           date '2026-01-01' + n %% 300
       from generate_series(1, %(rows)s) as n""",
)
_FILLED = (
    "dim_customers",
    "rollup_customers_daily",
    "fct_order_variants",
    "shop_builds",
    "dim_shop_currencies",
    "dim_shops",
)


def measure(home: Home) -> Iterator[Row]:
    """Measure speed and memory, each export in a process of its own."""
    environment = process_environment(home)
    # no schedule may build meanwhile: publishing would take away the rows that no build knows
    with part_stopped(home, "daemon"):
        small, large = (_fill(environment, rows) for rows in (SMALL, LARGE))
        asyncio.run(_wait_for_replica(environment, large))
        _, small_megabytes = _export(environment, small)
        milliseconds, megabytes = _export(environment, large)
        copied = _copy(home, environment, large)
        _empty(environment, [small, large])
    yield Row(f"export of {LARGE:,} rows", "psql \\copy of the same query to a file", milliseconds, copied)
    yield Row(f"peak memory, {LARGE:,} rows", f"{SMALL:,} rows", megabytes, small_megabytes, "MB")


def _fill(environment: dict[str, str], rows: int) -> str:
    shop = str(UUID(int=0xD << 124 | rows))
    with psycopg.connect(environment["PREORDERS_PRIMARY_DSN"], autocommit=True) as connection:
        with connection.transaction():
            for statement in _FILL:
                connection.execute(statement, {"shop": shop, "rows": rows})
        connection.execute(f"vacuum analyze {', '.join(f'reports.{table}' for table in _FILLED)}")
    return shop


def _empty(environment: dict[str, str], shops: list[str]) -> None:
    with psycopg.connect(environment["PREORDERS_PRIMARY_DSN"]) as connection:
        for table in _FILLED:
            connection.execute(f"delete from reports.{table} where shop_id = any(%s)", (shops,))


async def _wait_for_replica(environment: dict[str, str], shop: str) -> None:
    connection = await asyncpg.connect(environment["PREORDERS_REPLICA_DSN"])
    try:
        while not await connection.fetchval("select exists (select from reports.dim_shops where shop_id = $1)", shop):
            await asyncio.sleep(1)
    finally:
        await connection.close()


def _export(environment: dict[str, str], shop: str) -> tuple[float, float]:
    """Run the export's op in a process of its own; return its milliseconds and its peak memory in MB."""
    command = [sys.executable, "-m", "benchmarks.export_op", _write_job(environment, shop)]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
    seconds, megabytes = json.loads(done.stdout.splitlines()[-1])
    return seconds * 1000, megabytes


def _write_job(environment: dict[str, str], shop: str) -> str:
    job_id = f"exp_{secrets.token_hex(8)}"
    with psycopg.connect(environment["PREORDERS_PRIMARY_DSN"]) as connection:
        connection.execute(
            """
            insert into service.export_jobs (job_id, shop_id, report, request, parameters, file_format, file_name)
            values (%s, %s, 'customers', '{}', %s, 'csv', 'customers.csv')
            """,
            (job_id, shop, json.dumps(WINDOW)),
        )
    return job_id


def _copy(home: Home, environment: dict[str, str], shop: str) -> float:
    """Have psql write the same query's rows into a local file; return the milliseconds."""
    statement = " ".join(asyncio.run(_statement(environment, shop)).split())
    target = home.path / "copied.csv"
    psql = binaries_of(home).folder / "psql"
    copy = f"\\copy ({statement}) to '{target}' csv header"
    started = time.perf_counter()
    subprocess.run(
        [psql, environment["PREORDERS_EXPORTS_REPLICA_DSN"], "--quiet", "--command", copy],
        env={**os.environ, "PGOPTIONS": f"-c preorders.shop_id={shop} -c timezone=UTC"},
        check=True,
    )
    milliseconds = (time.perf_counter() - started) * 1000
    target.unlink()
    return milliseconds


async def _statement(environment: dict[str, str], shop: str) -> str:
    connection = await asyncpg.connect(environment["PREORDERS_EXPORTS_REPLICA_DSN"])
    try:
        async with connection.transaction(readonly=True):
            await connection.execute("select set_config('preorders.shop_id', $1, true)", shop)
            _, query = await resolve_published(connection, check(REPORTS["customers"], WINDOW), UUID(shop))
            statement = Statement.of(REPORTS["customers"].exported_block.statement(query.shape, as_csv=True))
            return str(await _mogrify(connection, statement.text, statement.values(query)))
    finally:
        await connection.close()
