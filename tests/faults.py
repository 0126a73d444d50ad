"""Stopping and finding the real processes of a stack."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
from conftest import Stack

from local.home import open_home
from local.supervision import Supervisor

SOON_SECONDS = 4  # 3 are promised; one more for a machine that is busy


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


def on_the_replica(stack: Stack, *statements: str) -> None:
    with psycopg.connect(stack.environment["PREORDERS_REPLICA_DSN"], autocommit=True) as replica:
        for statement in statements:
            replica.execute(statement.encode())


@contextmanager
def replay_paused(stack: Stack) -> Iterator[None]:
    on_the_replica(stack, "select pg_wal_replay_pause()")
    try:
        yield
    finally:
        on_the_replica(stack, "select pg_wal_replay_resume()")


@contextmanager
def receiver_stopped(stack: Stack) -> Iterator[None]:
    """Its view still says that it streams."""
    with psycopg.connect(stack.environment["PREORDERS_REPLICA_DSN"]) as replica:
        [(receiver,)] = replica.execute("select pid from pg_stat_wal_receiver").fetchall()
    os.kill(receiver, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(receiver, signal.SIGCONT)


@contextmanager
def receiver_cut(stack: Stack) -> Iterator[None]:
    """What it received is replayed, so that positions in the log say that it has caught up."""
    reload = "select pg_reload_conf()"
    on_the_replica(stack, "alter system set primary_conninfo = 'host=127.0.0.1 port=1'", reload)
    try:
        yield
    finally:
        on_the_replica(stack, "alter system reset primary_conninfo", reload)


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
