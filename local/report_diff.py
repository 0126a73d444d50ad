"""`preorders report-diff`: which numbers of which reports an edit of the dbt project changes, on the same data.

The source is copied into a database of its own, so that rows which arrive meanwhile make no difference and nothing
that is served is touched; both revisions are built there, each in a schema of its own.
"""

import asyncio
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import asyncpg
import click
from psycopg import sql
from rich.table import Table

from local.database_folder import binaries_of
from local.demo_build import load_demo_data
from local.environment import dsn, process_environment
from local.errors import StackError
from local.home import PROJECT_ROOT, Home
from local.home_option import home_option
from local.postgres import Connection, connect
from local.progress import console, step, table_console
from local.report_rows import Difference, differences, keep_rows
from local.shops import shop_domains
from local.stack import start_stack
from local.status import part_statuses
from local.stop_signals import catch_stop_signals
from local.temporary_home import temporary_home

DATABASE = "report_diff"


@click.command("report-diff")
@click.argument("base")
@home_option
def report_diff(home: Home, base: str) -> None:
    """Compare the reports of the git revision BASE with those of the files as they are now.

    On the data of the home if its primary runs, else on the demo's in a temporary home.
    """
    catch_stop_signals()
    with (
        tempfile.TemporaryDirectory(prefix="preorders-report-diff-") as folder,
        _home_with_data(home) as used,
    ):
        project = _checked_out(base, Path(folder) / "base")
        with source_copied(used):
            build(used, {"base": project, "head": PROJECT_ROOT / "dbt_project"}, Path(folder))
            comparison = compare(used, "base", "head")
        show(comparison, base)


@dataclass(frozen=True)
class Comparison:
    """What a comparison found.

    Attributes:
        found: the differences, by report, shop, currency and name.
        rows: rows of reports that were computed on both sides together.
        domains: of the shops, by id in text.
    """

    found: list[Difference]
    rows: int
    domains: Mapping[str, str]


@contextmanager
def source_copied(home: Home) -> Iterator[None]:
    """Copy the source's tables, as of one instant, into a database that is dropped afterwards.

    Raises:
        StackError: they could not be copied, or another comparison has its copy there.
    """
    with connect(home, "preorders") as connection:
        # It goes with the session, however this process ends.
        if connection.execute("select pg_try_advisory_lock(hashtext(%s))", [DATABASE]).fetchone() != (True,):
            raise StackError("another report-diff is at work on this data: let it end, then run this one again")
        drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(DATABASE))
        connection.execute(drop)
        try:
            with step("source", "copied"):
                _copy_source(connection, home)
            yield
        finally:
            connection.execute(drop)


def build(home: Home, projects: Mapping[str, Path], folder: Path) -> None:
    """Build dbt projects side by side on the copied source, each into the schema `dev_<name>`.

    Raises:
        StackError: one of them fails; the message is dbt's.
    """
    with step("dbt build", f"{', '.join(projects)}"):
        running = {
            name: _dbt_build(home, name, project, folder / f"target_{name}") for name, project in projects.items()
        }
        said = {name: process.communicate()[0] for name, process in running.items()}
    if broken := [f"{name} cannot be built:\n{said[name]}" for name, process in running.items() if process.returncode]:
        raise StackError("\n".join(broken))


def compare(home: Home, base: str, head: str) -> Comparison:
    """Compute and compare the reports of two built schemas.

    Raises:
        StackError: the reports cannot be computed from one of them, or there is nothing to compare.
    """

    async def work() -> tuple[int, list[Difference]]:
        connection = await asyncpg.connect(dsn(home, "preorders", database=DATABASE))
        try:
            schemas = (f"dev_{base}", f"dev_{head}")
            return await keep_rows(connection, schemas), await differences(connection, *schemas)
        finally:
            await connection.close()

    with step("reports", "compared"):
        try:
            rows, found = asyncio.run(work())
        except asyncpg.PostgresError as problem:
            raise StackError(f"the reports of this revision cannot be computed from both: {problem}") from problem
    if not rows:
        raise StackError("there is nothing to compare: the source has no orders")
    with connect(home, "preorders", database=DATABASE) as connection:
        domains = {str(shop): domain for shop, domain in shop_domains(connection).items()}
    return Comparison(found, rows, domains)


def show(comparison: Comparison, base: str) -> None:
    """Print the differences, the largest of each number with its row, or that there are none."""
    if not comparison.found:
        console.print(f"No number of any report differs from {base}: {comparison.rows:,} rows compared.", markup=False)
        return
    table = Table("report", "shop", "currency", "metric", "rows", "largest difference", "in row", base, "now", box=None)
    for one in comparison.found:
        size = "-" if one.size is None else f"{one.size:+}"
        shop = comparison.domains.get(str(one.shop_id), str(one.shop_id))
        row = "" if one.key == "{}" else one.key
        table.add_row(one.report, shop, one.currency, one.name, str(one.rows), size, row, str(one.base), str(one.head))
    table_console().print(table, markup=False)
    console.print(
        f"{len(comparison.found)} numbers differ from {base}; {comparison.rows:,} rows compared.", markup=False
    )


def _copy_source(connection: Connection, home: Home) -> None:
    connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
    connection.execute(sql.SQL("grant create on database {} to preorders_analyst").format(sql.Identifier(DATABASE)))
    binaries = binaries_of(home).folder
    dump = subprocess.Popen([binaries / "pg_dump", "--schema=app", dsn(home, "preorders")], stdout=subprocess.PIPE)
    load = [str(binaries / "psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1"]
    target = dsn(home, "preorders", database=DATABASE)
    loaded = subprocess.run([*load, target], stdin=dump.stdout, stdout=subprocess.DEVNULL)
    if dump.wait() or loaded.returncode:
        raise StackError("the source's tables could not be copied; what was wrong stands above")


def _dbt_build(home: Home, name: str, project: Path, target: Path) -> subprocess.Popen[str]:
    command = [
        "dbt", "--quiet", "--log-path", str(target), "build",
        "--project-dir", str(project), "--profiles-dir", str(PROJECT_ROOT), "--target", "dev",
        "--target-path", str(target), "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test",
        "--vars", "sample_percent: 100",
    ]  # fmt: skip
    environment = process_environment(home) | {"PREORDERS_DBT_DBNAME": DATABASE, "PREORDERS_DEV_NAME": name}
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def _checked_out(revision: str, folder: Path) -> Path:
    archived = subprocess.run(
        ["git", "archive", "--format=tar", revision, "dbt_project"], cwd=PROJECT_ROOT, capture_output=True
    )
    if archived.returncode:
        raise StackError(f"git has no dbt_project of {revision}: {archived.stderr.decode().strip()}")
    with tarfile.open(fileobj=BytesIO(archived.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "dbt_project"


@contextmanager
def _home_with_data(home: Home) -> Iterator[Home]:
    if any(part.name == "primary" and part.is_up for part in part_statuses(home)):
        console.print(f"On the data of {home.path}", markup=False)
        yield home
        return
    console.print(f"Nothing runs in {home.path}: on the demo's data, in a temporary home", markup=False)
    with temporary_home() as temporary:
        start_stack(temporary, ["primary"])
        load_demo_data(temporary)
        yield temporary
