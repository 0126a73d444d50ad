"""The processes of a home, found by what they carry, so that none survives its supervisor unnoticed."""

import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import psutil

from local.database_folder import database_folder
from local.environment import STACK_MARK
from local.errors import StackError
from local.home import Home

GENTLE_SECONDS = 8
POSTGRES_SECONDS = 60


def is_running(pid: int, name_part: str) -> bool:
    """Whether the process lives and its command line names the program (pids are used again)."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and name_part in " ".join(process.cmdline())
    except psutil.Error:
        return False


def processes_of(home: Home) -> list[psutil.Process]:
    """Every living process of the stack: by the mark in its environment, or PostgreSQL's by its folder."""
    data_folders = _data_folders(home)
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [
        process for process in psutil.process_iter() if process.pid not in own and _belongs(process, home, data_folders)
    ]


def ports_of_others(home: Home) -> set[int]:
    """Return the ports of all other stacks that run, also those of parts that are down at the moment."""
    ports: set[int] = set()
    marks = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):  # gone meanwhile, or another user's
            marks.add(_mark(process))
    for mark in marks - {None, str(home.path)}:
        with contextlib.suppress(OSError, StackError):  # a home that is deleted, or damaged
            ports.update(Home(Path(str(mark))).ports.values())
    return ports


def stop_leftovers(home: Home) -> int:
    """Stop what still runs: the supervisor, then the other servers, then replica and primary.

    Returns:
        How many processes there were.
    """
    found = processes_of(home)
    postgres = [process for process in found if _name(process) == "postgres"]
    others = [process for process in found if process not in postgres]
    # The supervisor first and hard: it would start again what is stopped here, and by now it had its chance.
    _end([one for one in others if is_running(one.pid, "supervisord")], signal.SIGKILL, 5)
    _end(others, signal.SIGTERM, GENTLE_SECONDS)
    for server in _replica_first(postgres):
        _end([server], signal.SIGINT, POSTGRES_SECONDS)
    _end(processes_of(home), signal.SIGKILL, 5)
    return len(found)


def _end(processes: Sequence[psutil.Process], sign: signal.Signals, seconds: float) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(sign)
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=5)


def _belongs(process: psutil.Process, home: Home, data_folders: Sequence[Path]) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if _mark(process) == str(home.path):
            return True
        # PostgreSQL's backends overwrite their environment with their title.
        return _name(process) == "postgres" and Path(process.cwd()) in data_folders
    except psutil.Error:  # gone meanwhile, or another user's
        return False


def _mark(process: psutil.Process) -> str | None:
    mark: str | None = process.environ().get(STACK_MARK)
    return mark


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return ""


def _data_folders(home: Home) -> list[Path]:
    folder = database_folder(home)
    return [folder / "primary", folder / "replica"] if folder else []


def _replica_first(postgres: Sequence[psutil.Process]) -> list[psutil.Process]:
    """The two servers themselves, without the backends that they started."""
    pids = {process.pid for process in postgres}
    servers = []
    for process in postgres:
        with contextlib.suppress(psutil.Error):
            if process.ppid() not in pids:
                servers.append((not process.cwd().endswith("replica"), process))
    return [process for _, process in sorted(servers, key=lambda server: server[0])]
