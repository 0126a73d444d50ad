"""Where the databases' files lie: in the home, or in /var/tmp when PostgreSQL's user can't reach the home."""

import os
import shutil
from pathlib import Path

import psutil

from local.errors import StackError
from local.home import Home
from local.postgres_binaries import PostgresBinaries, can_reach, find_binaries, server_user

# Kept over a reboot and open to every user, unlike /tmp and /root.
REACHABLE_PARENT = Path("/var/tmp")
OWNER_FILE = "home"


def database_folder(home: Home) -> Path | None:
    """The folder that this home's databases are in, if it has any."""
    recorded = home.state.get("database_folder")
    return Path(recorded) if recorded else None


def prepare_database_folder(home: Home) -> Path:
    """Choose the folder at the first start, and make it where it is missing.

    Raises:
        StackError: the place in /var/tmp belongs to another user.
    """
    folder = database_folder(home)
    if folder is None:
        remove_abandoned_folders()
        inside = home.path / "postgres"
        folder = inside if can_reach(home.path) else _outside(home)
        if folder != inside:
            shutil.rmtree(folder, ignore_errors=True)  # of a deleted home at the same path
        home.remember(database_folder=str(folder))
    folder.mkdir(exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise StackError(f"{folder} belongs to somebody else; delete it, or choose another --home")
    folder.chmod(0o711)
    (folder / OWNER_FILE).write_text(str(home.path))
    return folder


def binaries_of(home: Home) -> PostgresBinaries:
    """PostgreSQL's programs, where this home's servers have them.

    Raises:
        StackError: there are none, or they are too old.
    """
    return find_binaries((database_folder(home) or home.path) / "pginstall")


def make_server_folder(folder: Path) -> None:
    """An empty folder that belongs to the server's user alone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    give_to_server(folder)


def give_to_server(path: Path) -> None:
    """Make the server's user the owner; as an ordinary user that is oneself."""
    user = server_user()
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def remove_abandoned_folders() -> None:
    """Delete databases in /var/tmp whose home was deleted: nothing refers to them any more."""
    for folder in REACHABLE_PARENT.glob("preorders-*"):
        owner_file = folder / OWNER_FILE
        if folder.is_symlink() or not owner_file.is_file() or folder.stat().st_uid != os.geteuid():
            continue
        if not Path(owner_file.read_text()).exists() and not _is_served(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_served(folder: Path) -> bool:
    for pid_file in folder.glob("*/postmaster.pid"):
        if psutil.pid_exists(int(pid_file.read_text().split("\n", 1)[0])):
            return True
    return False


def _outside(home: Home) -> Path:
    return REACHABLE_PARENT / f"preorders-{home.digest}"
