"""`preorders up`: start the stack, with the demo at the first time, and stay until told to stop."""

import shlex
import time

import click

from local.demo_build import demo_key, example_commands, fill_with_demo
from local.environment import api_url, dagster_url, s3_url
from local.home import Home
from local.home_option import home_option
from local.parts import PARTS
from local.progress import console
from local.stack import start_stack, stop_stack
from local.stop_signals import catch_stop_signals
from local.supervision import Supervisor


@click.command()
@click.option("--detach", is_flag=True, help="Return when all is ready, and leave it running.")
@click.option("--demo/--no-demo", default=True, show_default=True, help="Fill an empty stack with demo data.")
@click.option("--only", "only", multiple=True, type=click.Choice(PARTS), help="Start these parts alone.")
@home_option
def up(home: Home, detach: bool, demo: bool, only: tuple[str, ...]) -> None:
    """Start everything: two databases, S3, Dagster and the API."""
    catch_stop_signals()
    console.print(f"Starting the stack in {home.path}", markup=False)
    try:
        start_stack(home, only or PARTS)  # which stops everything itself when it fails
    except KeyboardInterrupt:
        console.print("Interrupted; everything is stopped.")
        raise click.exceptions.Exit(130) from None
    try:
        wants_demo = demo and not only
        if wants_demo:
            fill_with_demo(home)
        _print_addresses(home, demo_key(home) if wants_demo else None, only)
        if not detach:
            _stay(home)
            console.print("The stack was stopped by another command.")
    except KeyboardInterrupt:
        console.print("Stopping ...")
        stop_stack(home)
        console.print(f"Stopped {home.path}.", markup=False)
    except BaseException:
        stop_stack(home)
        raise


def _stay(home: Home) -> None:
    console.print("Ctrl-C stops everything.")
    supervisor = Supervisor(home)
    while supervisor.pid is not None:
        time.sleep(0.5)


def _print_addresses(home: Home, key: str | None, only: tuple[str, ...]) -> None:
    lines = ["", f"API      {api_url(home)}", f"Dagster  {dagster_url(home)}", f"S3       {s3_url(home)}"]
    if only:
        command = f"preorders env --home {shlex.quote(str(home.path))}"
        lines = ["", f'Running: {", ".join(only)}. Settings: eval "$({command})"']
    if key:
        lines += [f"Key      {key}", "", *example_commands(home, key)]
    for text in [*lines, ""]:
        click.echo(text)
