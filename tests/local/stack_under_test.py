"""A stack in a home of its own, used as a person would: by the command line."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg

from local.database_folder import database_folder
from local.environment import settings
from local.home import PROJECT_ROOT, open_home
from local.status import PartStatus, part_statuses

DATABASES = ("--only", "primary", "--only", "replica")


@dataclass
class StackUnderTest:
    """One home, and the command line to use it with."""

    home: Path

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "from local.cli import main; main()",
                *arguments,
                "--home",
                str(self.home),
            ],
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def up(self, *parts: str) -> None:
        self.run("up", "--detach", *(parts or DATABASES))

    def settings(self) -> dict[str, str]:
        return settings(open_home(self.home))

    def ask(self, setting: str, query: str) -> object:
        with psycopg.connect(self.settings()[setting], autocommit=True) as connection:
            row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None

    def do(self, setting: str, statement: str) -> None:
        with psycopg.connect(self.settings()[setting], autocommit=True) as connection:
            connection.execute(statement.encode())

    def status(self, part: str) -> PartStatus:
        return next(one for one in part_statuses(open_home(self.home)) if one.name == part)

    def processes(self) -> dict[int, str]:
        """Everything alive that carries this home in its command line or environment, by /proc."""
        traces = [str(self.home).encode(), str(database_folder(open_home(self.home)) or self.home).encode()]
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            if int(folder.name) == os.getpid():
                continue
            try:
                command = (folder / "cmdline").read_bytes()  # empty for a zombie
                text = command + (folder / "environ").read_bytes() + os.readlink(folder / "cwd").encode()
            except OSError:
                continue
            if command and any(trace in text for trace in traces):
                found[int(folder.name)] = command.replace(b"\0", b" ").decode()
        return found

    def remove(self) -> None:
        self.run("down")
        folder = database_folder(open_home(self.home))
        if folder:
            shutil.rmtree(folder)
        shutil.rmtree(self.home, ignore_errors=True)
