"""`preorders build`: launch the build of the rollups and show how it goes."""

import time

import click

from local.dagster_graphql import DagsterClient
from local.environment import dagster_url
from local.errors import StackError
from local.home import Home
from local.home_option import home_option
from local.progress import console, line
from local.runs import RunEvent, follow_run, launch_build, run_url
from local.supervision import Supervisor


@click.command()
@click.option("--full-refresh", is_flag=True, help="Rebuild everything instead of what changed.")
@click.option("--timeout", default=14400, show_default=True, metavar="SECONDS", help="How long to wait.")
@home_option
def build(home: Home, full_refresh: bool, timeout: int) -> None:
    """Build, audit and publish the rollups, and wait for the end."""
    run_build(home, full_refresh, timeout)


def run_build(home: Home, full_refresh: bool = False, timeout: float = 14400) -> None:
    """Launch the build and follow it.

    Raises:
        StackError: it could not be launched, or failed; the message has its run's address.
    """
    if Supervisor(home).pid is None:  # another home's stack may have its ports by now
        raise StackError(f"nothing runs in {home.path}; start it with: preorders up --home {home.path}")
    dagster = DagsterClient(dagster_url(home))
    run_id = launch_build(dagster, full_refresh)
    url = run_url(dagster, run_id)
    line("build", url)
    started, errors = time.time(), 0

    def show(event: RunEvent) -> None:
        nonlocal errors
        errors += event.level in ("ERROR", "CRITICAL")
        console.print(
            f"  {event.seconds - started:7.1f} s  {event.level:<7} {event.step or '-'}: {event.message}",
            markup=False,
            style="red" if event.level in ("ERROR", "CRITICAL") else None,
        )

    try:
        with console.status("build ..."):
            follow_run(dagster, run_id, show, timeout)
    except StackError as problem:
        raise StackError(f"{problem}\nThe run: {url}") from None
    except KeyboardInterrupt:
        line("build", f"no longer watched; the run goes on: {url}")
        raise
    said = f"; errors above: {errors}, and the shops they name keep their last good build" if errors else ""
    line("build", f"done in {time.time() - started:.1f} s{said}")
