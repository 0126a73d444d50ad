"""The option `--home` of every command."""

from pathlib import Path

import click

from local.home import Home, open_home

DEFAULT_HOME = ".local"


def _opened(context: click.Context, option: click.Parameter, value: str) -> Home:
    return open_home(Path(value))


home_option = click.option(
    "--home",
    default=DEFAULT_HOME,
    envvar="PREORDERS_HOME",
    show_envvar=True,
    show_default=True,
    metavar="DIR",
    callback=_opened,
    help="The folder of this stack.",
)


def home_was_given() -> bool:
    """Whether the user named the home, in contrast to the default."""
    source = click.get_current_context().get_parameter_source("home")
    return source is not click.core.ParameterSource.DEFAULT
