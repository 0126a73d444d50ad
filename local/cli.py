"""The command `preorders`: the whole system on one machine."""

import os
import shlex
import sys
from typing import Any

import click
import psycopg
from rich.table import Table

from api.keys import KeyProblem
from local.build_command import build
from local.environment import dsn, forget_libpq_defaults, settings
from local.errors import StackError
from local.home import Home
from local.home_option import home_option, home_was_given
from local.key_commands import keys
from local.lifecycle_command import lifecycle
from local.progress import console, errors, table_console
from local.report_diff import report_diff
from local.stack import stop_stack
from local.status import part_statuses
from local.supervision import Supervisor
from local.up_command import up


class _Commands(click.Group):
    """Turns the failures that are meant for the user into one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (StackError, KeyProblem, psycopg.OperationalError, PermissionError) as problem:
            errors.print(f"preorders: {problem}", markup=False)
            ctx.exit(1)


@click.group(cls=_Commands)
def main() -> None:
    """Preorder analytics on one machine: databases, S3, Dagster and the API, without containers."""


@main.command()
@home_option
def down(home: Home) -> None:
    """Stop everything, and leave no process behind."""
    ran = Supervisor(home).pid is not None
    leftovers = stop_stack(home)
    if not ran and not leftovers:
        console.print(f"Nothing ran in {home.path}.", markup=False)
        return
    note = f"; {leftovers} processes had no supervisor any more" if leftovers else ""
    console.print(f"Stopped {home.path}{note}.", markup=False)


@main.command()
@home_option
def status(home: Home) -> None:
    """Show what runs where. Exits with 0 if everything is up, else with 3."""
    table = Table("part", "address", "pid", "state", "log", box=None)
    statuses = part_statuses(home)
    for part in statuses:
        table.add_row(part.name, part.address, str(part.pid or "-"), part.state, str(part.log))
    table_console().print(table)
    if not all(part.is_up for part in statuses):
        sys.exit(3)


@main.command()
@home_option
def env(home: Home) -> None:
    """Print the settings for a shell: eval "$(preorders env)"."""
    for name, value in settings(home).items():
        click.echo(f"export {name}={shlex.quote(value)}")


@main.command()
@home_option
def migrate(home: Home) -> None:
    """Apply the service schema's migrations, to PREORDERS_SERVICE_DSN if set, else to the home."""
    from api.migrations import migrate as apply_migrations

    named = os.environ.get("PREORDERS_SERVICE_DSN")
    if not named or home_was_given():
        forget_libpq_defaults()
        named = dsn(home, "preorders_service")
    applied = apply_migrations(named)
    console.print(f"Applied: {', '.join(applied) or 'nothing, all were there'}.", markup=False)


main.add_command(up)
main.add_command(build)
main.add_command(keys)
main.add_command(lifecycle)
main.add_command(report_diff)


if __name__ == "__main__":
    main()
