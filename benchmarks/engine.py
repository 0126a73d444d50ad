"""`python -m benchmarks.engine`: what a build of few changes costs beside a full one, and what is left of it on disk.

10 million order lines take most of an hour on two cores; `--orders` takes fewer, and given several times it tells how
seconds and bytes grow.
"""

import math
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from multiprocessing import resource_tracker
from pathlib import Path

import click
import psycopg
from dbt.cli.main import dbtRunner
from rich.console import Console
from rich.table import Table

from benchmarks.measuring import BIN, run
from local.demo import DemoOptions, load_demo
from local.environment import process_environment
from local.home import Home, open_home
from local.stack import stop_stack
from local.temporary_home import temporary_home
from orchestration.rollups.dbt_project import dbt_folders, load_manifest, published_models
from orchestration.rollups.publish import publish

CHANGED = 0.001
# The ledger's and the daily rollup's own SQL, without dbt, indexes, contracts, audits and publishing.
DAILY_BY_HAND = """
create table by_hand.daily as
select shop_id, currency, entry_on, offer_id, product_id, variant_id, market_id, {sums}
from by_hand.ledger group by 1, 2, 3, 4, 5, 6, 7
"""


@click.command()
@click.option(
    "--orders", multiple=True, default=(7_900_000,), show_default=True, help="1.27 lines each; several to fit growth."
)
@click.option("--builds", default=200, show_default=True, help="Incremental builds before sizes are compared.")
def main(orders: tuple[int, ...], builds: int) -> None:
    """Measure on stacks of their own, and print ratios, and how the figures grow."""
    # dbt's own: started within a stack, it would end with it
    resource_tracker.ensure_running()
    measured = [_measure(number, builds) for number in orders]
    if len(measured) > 1:
        Console(width=130).print("growth with the order lines", _growth(measured))


def _measure(orders: int, builds: int) -> dict[str, float]:
    """Print the ratios at a size; return the number of lines, seconds, and bytes of tables and of write-ahead log."""
    table = Table("measured", "beside", "ratio", "seconds", "beside's")
    # without a replica, which would double the disk that 10 million lines need
    with stack(None, "primary") as home:
        with primary(home) as connection:
            counts = load_history(connection, orders)
        found = {"lines": float(counts["order_lines"])}
        by_hand = _by_hand(home)
        with _wal(home, found, "WAL of a full refresh"):
            full = _seconds(lambda: build("--full-refresh"))
        _compare(table, "full refresh", "SQL by hand", full, by_hand)
        idle = _seconds(build)
        _compare(table, "nothing changed", "full refresh", idle, full)
        for name, recent in (("over three years", False), ("80 % in the last month", True)):
            _change(home, int(orders * CHANGED), recent)
            with _wal(home, found, f"WAL, 0.1 % changed {name}"):
                changed = _seconds(build)
            _compare(table, f"0.1 % changed {name}", "full refresh", changed, full)
            _compare(table, "   less what nothing costs", "full refresh", changed - idle, full)
            found[f"seconds, 0.1 % changed {name}"] = changed
        found |= {"seconds of a full refresh": full, "seconds of a build of nothing": idle}
        found |= {
            "sources": _size(home, "app"),
            "analytics": _size(home, "analytics"),
            "reports": _size(home, "reports"),
        }
        before = _size(home, "analytics", "reports")
        for _ in range(builds):
            _change(home, max(1, int(orders * CHANGED)), recent=True)
            build()
        _compare(table, f"bytes after {builds} builds", "before them", _size(home, "analytics", "reports"), before)
    title = f"{datetime.now(UTC):%Y-%m-%d}, {counts['order_lines']:,} order lines, {os.cpu_count()} cores"
    Console(width=130).print(title, table)
    return found


def _growth(measured: list[dict[str, float]]) -> Table:
    """Return each figure by size, with its exponent: 1 where it doubles with the lines, 0 where it stays."""
    lines = [found["lines"] for found in measured]
    table = Table("measured", *(f"{number:,.0f}" for number in lines), "exponent")
    for name in list(measured[0])[1:]:
        figures = [found[name] for found in measured]
        exponent = statistics.linear_regression(
            [math.log(number) for number in lines], [math.log(f) for f in figures]
        ).slope
        unit, scale = ("s", 1) if name.startswith("seconds") else ("MB", 2**20)
        table.add_row(name, *(f"{figure / scale:,.1f} {unit}" for figure in figures), f"{exponent:.2f}")
    return table


@contextmanager
def stack(path: Path | None, *parts: str) -> Iterator[Home]:
    """Run parts of a stack: of the home at the path, or of one that is deleted at the end."""
    only = [option for part in parts for option in ("--only", part)]
    with ExitStack() as at_the_end:
        if path is None:
            home = at_the_end.enter_context(temporary_home())
        else:
            home = open_home(path)
            at_the_end.callback(stop_stack, home)
        run(home, BIN / "preorders", "up", "--detach", "--no-demo", *only, "--home", home.path)
        os.environ.update(process_environment(home))
        yield home


def load_history(connection: psycopg.Connection, orders: int) -> dict[str, int]:
    """Load three years of eight shops, the first with half of the orders; return the rows of each table."""
    counts = load_demo(connection, DemoOptions(orders=orders, days=1095, shops=8), lambda *_: None)
    # as if the history were old: nothing of it is within the clock's tolerance
    for name in ("orders", "order_lines", "payments", "refunds"):
        connection.execute(f"update app.{name} set updated_at = now() - interval '1 day'".encode())
    connection.commit()
    connection.autocommit = True
    connection.execute("vacuum analyze")
    return counts


def primary(home: Home) -> psycopg.Connection:
    return psycopg.connect(process_environment(home)["PREORDERS_PRIMARY_DSN"])


def build(*options: str) -> None:
    """Build and publish, as a scheduled build does, but for Dagster's own seconds."""
    _dbt("build", "--exclude-resource-type", "unit_test", *options)
    with psycopg.connect(os.environ["PREORDERS_PUBLISHER_DSN"], autocommit=True) as connection:
        publication = publish(connection, published_models(load_manifest()))
    if publication.failures:
        raise SystemExit(f"held back: {publication.failures[:3]}")


def _dbt(command: str, *options: str) -> None:
    quiet = ("--quiet", "--log-level-file", "none")
    done = dbtRunner().invoke([*quiet, command, *dbt_folders(), *options])
    if not done.success:
        raise SystemExit(f"dbt failed: {done.exception}")


def _by_hand(home: Home) -> float:
    """Return the seconds of plain SQL, before the full refresh: both tables beside its own would not fit many disks."""
    before = ("--select", "+fct_ledger", "--exclude", "fct_ledger", "resource_type:test", "resource_type:unit_test")
    _dbt("build", *before, "--full-refresh")
    _dbt("compile", "--select", "models/ledger", "--full-refresh")  # a single model's SQL would be printed
    compiled = Path(os.environ["DBT_TARGET_PATH"]) / "compiled/preorders/models/ledger/fct_ledger.sql"
    ledger = "create table by_hand.ledger as " + compiled.read_text()
    with primary(home) as connection:
        connection.execute("create schema by_hand")
        seconds = _seconds(lambda: connection.execute(ledger.encode()))
        row = connection.execute(
            "select string_agg(format('sum(%1$I) as %1$I', column_name), ', ') from information_schema.columns"
            " where table_schema = 'by_hand' and table_name = 'ledger' and data_type in ('integer', 'bigint')"
            " and column_name not like '%id'"
        ).fetchone()
        assert row is not None
        daily = DAILY_BY_HAND.format(sums=row[0])
        seconds += _seconds(lambda: connection.execute(daily.encode()))
        connection.rollback()
    return seconds


def _change(home: Home, orders: int, recent: bool) -> None:
    """Cancel orders and raise quantities, spread evenly or with 80 % of them in the last month."""
    shares = ((0.8, "placed_at > now() - interval '31 days'"), (0.2, "true")) if recent else ((1.0, "true"),)
    with primary(home) as connection:
        for share, where in shares:
            chosen = f"select id from app.orders where {where} order by random() limit {int(orders * share / 2)}"
            connection.execute(
                "update app.orders set cancelled_at = now(), cancel_reason = 'late', updated_at = now()"
                f" where cancelled_at is null and id in ({chosen})".encode()
            )
            connection.execute(
                "update app.order_lines set quantity = quantity + 1, updated_at = now()"
                f" where order_id in ({chosen})".encode()
            )


def _size(home: Home, *schemas: str) -> float:
    with primary(home) as connection:
        row = connection.execute(
            "select sum(pg_total_relation_size(relations.oid)) from pg_class as relations"
            " join pg_namespace as schemas on schemas.oid = relations.relnamespace"
            " where schemas.nspname = any(%s) and relations.relkind = 'r'",
            (list(schemas),),
        ).fetchone()
    assert row is not None
    return float(row[0])


@contextmanager
def _wal(home: Home, found: dict[str, float], name: str) -> Iterator[None]:
    """Note the bytes of write-ahead log that come meanwhile: what a replica has to receive."""
    before = _wal_position(home)
    yield
    found[name] = _wal_position(home) - before


def _wal_position(home: Home) -> float:
    with primary(home) as connection:
        row = connection.execute("select pg_current_wal_lsn() - '0/0'").fetchone()
    assert row is not None
    return float(row[0])


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _compare(table: Table, name: str, beside: str, measured: float, floor: float) -> None:
    print(f"{name}: {measured / floor:.3f} of {beside}", flush=True)  # the whole may take an hour
    table.add_row(name, beside, f"{measured / floor:.3f}", f"{measured:,.1f}", f"{floor:,.1f}")


if __name__ == "__main__":
    main()
