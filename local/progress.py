"""What a command shows while it works: a line for each finished step, and a spinner on a terminal."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

console = Console(highlight=False, soft_wrap=True)
errors = Console(highlight=False, soft_wrap=True, stderr=True)


@contextmanager
def step(name: str, detail: str = "") -> Iterator[None]:
    """Show that a step is under way, then that it is done and how long it took."""
    started = time.monotonic()
    with console.status(f"{name} ..."):
        yield
    line(name, f"{detail:<24} {time.monotonic() - started:5.1f} s")


def line(name: str, text: str) -> None:
    """Show one line about a step."""
    console.print(f"  {name:<12} {text.rstrip()}", markup=False)


@contextmanager
def counting(name: str) -> Iterator[Callable[[str, int, int], None]]:
    """A callback `(what, done, total)` that changes the spinner's text; silent without a terminal."""
    with console.status(f"{name} ...") as status:
        yield lambda what, done, total: status.update(f"{name}: {what} {done:,} of {total:,}")


def table_console() -> Console:
    """A console for tables: as wide as the terminal, and wide enough for every column into a file."""
    return Console(highlight=False) if console.is_terminal else Console(highlight=False, width=220)
