"""The parts of the stack: what each runs, in which order they start, and how each is stopped."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from local.environment import STACK_MARK
from local.errors import StackError
from local.home import PROJECT_ROOT, Home
from local.object_store import object_store_command
from local.postgres_binaries import PostgresBinaries, server_user
from orchestration.launcher.protocol import socket_path

# In the order of starting. Stopping goes the other way, one step of the priorities after the other.
PARTS = (
    "primary", "replica", "s3", "rollups", "exports", "exports-worker", "api", "rollups-worker", "webserver", "daemon",
)  # fmt: skip
DATABASES = ("primary", "replica")
PRIORITIES = {
    "primary": 10, "replica": 20, "s3": 30, "rollups": 40, "exports": 40, "exports-worker": 40, "rollups-worker": 40,
    "webserver": 50, "daemon": 50, "api": 60,
}  # fmt: skip


@dataclass(frozen=True)
class Program:
    """One program as supervisord needs to know it."""

    name: str
    command: list[str]
    directory: Path = PROJECT_ROOT  # dbt_project/ and profiles.yml are found from there
    stop_signal: str = "TERM"
    stop_seconds: int = 10
    # Dagster's servers have children (a run is one) that must hear of the end too.
    whole_group: bool = False
    user: str | None = None

    @property
    def priority(self) -> int:
        """Its place in the order; supervisord stops the highest first."""
        return PRIORITIES[self.name]


@dataclass(frozen=True)
class Modules:
    """The code that the Python parts load; tests put stand-ins here."""

    rollups: str = "orchestration.rollups.definitions"
    exports: str = "orchestration.exports.definitions"


def programs(home: Home, binaries: PostgresBinaries, databases: Path, modules: Modules) -> list[Program]:
    """Every part's program, in the order of PARTS."""
    python = [sys.executable, "-m"]
    workspace = ["-w", str(home.workspace)]
    return [
        *(_postgres(home, binaries, part, databases / part) for part in DATABASES),
        Program("s3", object_store_command(home)),
        _code_server(home, "rollups", modules.rollups),
        _code_server(home, "exports", modules.exports),
        _worker(home, "rollups", modules.rollups),
        _worker(home, "exports", modules.exports),
        Program(
            "webserver",
            [
                *python, "dagster_webserver", "-h", "127.0.0.1", "-p", str(home.ports["webserver"]),
                *workspace,
            ],
            whole_group=True,
        ),
        Program("daemon", [*python, "dagster._daemon", "run", *workspace], whole_group=True),
        Program("api", [*python, "api", "--port", str(home.ports["api"])]),
    ]  # fmt: skip


def _postgres(home: Home, binaries: PostgresBinaries, part: str, data: Path) -> Program:
    env = shutil.which("env")
    if env is None:
        raise StackError("the program `env` is not on the PATH")
    user = server_user()
    return Program(
        part,
        # An environment of its own: the server needs none of the secrets. `env` becomes the server.
        [
            env, "-i", "LANG=C.UTF-8", f"{STACK_MARK}={home.path}",
            str(binaries.folder / "postgres"), "-D", str(data),
        ],
        directory=Path("/"),  # its user may not be able to enter the project
        stop_signal="INT",  # "fast": ends sessions, writes a checkpoint; the same on the standby
        stop_seconds=60,
        user=user and user.pw_name,
    )  # fmt: skip


def _code_server(home: Home, name: str, module: str) -> Program:
    return Program(
        name,
        [
            sys.executable, "-m", "orchestration.code_server", "--module", module, "--location", name,
            "--port", str(home.ports[name]),
        ],
        whole_group=True,
    )  # fmt: skip


def worker_socket(home: Home, location: str) -> Path:
    """Where the worker that forks the runs of a code location listens."""
    return socket_path(str(home.sockets), location)


def _worker(home: Home, location: str, module: str) -> Program:
    socket = str(worker_socket(home, location))
    return Program(
        f"{location}-worker",
        [sys.executable, "-m", "orchestration.launcher.run_worker", "--module", module, "--socket", socket],
        stop_seconds=15,
    )
