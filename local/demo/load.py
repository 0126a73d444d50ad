"""Command line: fill a database's app tables with demo data."""

from datetime import datetime

import click
import psycopg
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from local.demo import DemoOptions, load_demo

DEFAULTS = DemoOptions()


@click.command()
@click.option("--dsn", required=True, help="The database: postgresql://user@host/name")
@click.option("--seed", default=DEFAULTS.seed, show_default=True, help="Another seed, another history.")
@click.option("--shops", default=DEFAULTS.shops, show_default=True, help="Number of shops.")
@click.option("--orders", default=DEFAULTS.orders, show_default=True, help="Number of orders over all shops.")
@click.option("--days", default=DEFAULTS.days, show_default=True, help="Length of the history.")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The history ends at the start of this day, 00:00 UTC.  [default: today]",
)
def main(dsn: str, seed: int, shops: int, orders: int, days: int, until: datetime | None) -> None:
    """Fill the empty app tables with demo data; the same options with --until give the same rows."""
    console = Console()
    try:
        options = DemoOptions(seed, shops, orders, days, until.date() if until else None)
        with psycopg.connect(dsn) as connection, show_progress(console) as line:
            task = line.add_task("shops", total=1)
            counts = load_demo(
                connection,
                options,
                lambda table, done, total: line.update(task, description=table, completed=done, total=total),
            )
    except (ValueError, psycopg.Error) as error:
        raise click.ClickException(str(error).strip()) from error
    print_counts(console, counts)


def show_progress(console: Console) -> Progress:
    """One line that names the table being filled, and vanishes at the end."""
    columns = (TextColumn("{task.description:<14}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def print_counts(console: Console, counts: dict[str, int]) -> None:
    """Rows by table."""
    table = Table("table", box=None)
    table.add_column("rows", justify="right")
    for name, rows in counts.items():
        table.add_row(name, f"{rows:,}")
    console.print(table)


if __name__ == "__main__":
    main()
