"""Stopping and finding the real processes of a stack."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from conftest import Stack

from local.home import open_home
from local.supervision import Supervisor


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for a condition; `what` says what is wrong if it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} after {seconds} s"
        time.sleep(0.2)


@contextmanager
def stopped(stack: Stack, part: str) -> Iterator[None]:
    """Keep a part of the stack down."""
    supervisor = Supervisor(open_home(stack.home))
    supervisor.stop(part)
    try:
        yield
    finally:
        supervisor.start(part)


def kill(stack: Stack, part: str) -> None:
    """Kill a part of the stack, with no chance to tidy up; its supervisor starts it anew."""
    os.kill(Supervisor(open_home(stack.home)).states()[part].pid, signal.SIGKILL)


def is_live(stack: Stack) -> bool:
    """Return whether the API answers."""
    try:
        return httpx.get(stack.environment["PREORDERS_API_URL"] + "/health/live").status_code == 200
    except httpx.TransportError:
        return False


def stopped_processes(stack: Stack) -> list[int]:
    """Return the stack's processes that were stopped by a signal."""
    return [pid for pid, _, state in _processes(stack) if state == "T"]


def processes_of(stack: Stack, *words: str) -> list[int]:
    """Return the stack's processes whose command line has all the words."""
    return [pid for pid, command, _ in _processes(stack) if all(word in command for word in words)]


def go_on(processes: list[int]) -> None:
    """Let stopped processes continue."""
    for process in processes:
        os.kill(process, signal.SIGCONT)


def _processes(stack: Stack) -> list[tuple[int, str, str]]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if str(stack.home).encode() in (folder / "environ").read_bytes():
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append((int(folder.name), command, (folder / "stat").read_text().rpartition(") ")[2][0]))
        except OSError:
            continue
    return found
