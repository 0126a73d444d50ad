"""The primary's and the replica's data folders: made when missing, checked, and given their settings."""

import shutil
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from local.database_folder import give_to_server, make_server_folder
from local.environment import dsn, forget_libpq_defaults
from local.errors import StackError
from local.home import Home
from local.postgres_binaries import PostgresBinaries
from local.postgres_settings import (
    REPLICATION_ROLE,
    SLOT,
    write_primary_settings,
    write_replica_settings,
)


def connect(home: Home, role: str, part: str = "primary", database: str = "preorders") -> "Connection":
    """An autocommit connection to the primary or the replica."""
    forget_libpq_defaults()
    return psycopg.connect(dsn(home, role, part, database), autocommit=True, connect_timeout=5)


Connection = psycopg.Connection[TupleRow]


def prepare_primary(home: Home, binaries: PostgresBinaries, folder: Path) -> Path:
    """Make the primary's cluster if there is none, write its settings, and return its data folder.

    Raises:
        StackError: initdb failed, or the data is another version's.
    """
    data = folder / "primary"
    if not data.exists():
        # Under another name until it is whole: an interrupted start must not leave half a cluster.
        unfinished = folder / "primary.unfinished"
        make_server_folder(unfinished)
        password_file = folder / "superuser.password"
        password_file.touch(mode=0o600)
        password_file.write_text(home.secrets["preorders"])
        give_to_server(password_file)
        try:
            binaries.run(
                "initdb", "-D", str(unfinished), "-A", "scram-sha-256", "-U", "preorders", "-N",
                "-E", "UTF8", "--locale=C.UTF-8", f"--pwfile={password_file}",
            )  # fmt: skip
        finally:
            password_file.unlink()
        unfinished.rename(data)
    _check_version(binaries, data)
    write_primary_settings(home, binaries, data)
    return data


def prepare_replica(home: Home, binaries: PostgresBinaries, folder: Path, anew: bool = False) -> Path:
    """Copy the primary if there is no replica, or if it cannot follow any more; return its data folder.

    The primary must be running.

    Raises:
        StackError: pg_basebackup failed.
    """
    data = folder / "replica"
    if anew or not data.exists() or not _slot_is_usable(home):
        shutil.rmtree(data, ignore_errors=True)
        unfinished = folder / "replica.unfinished"
        make_server_folder(unfinished)
        _make_slot(home)
        binaries.run(
            "pg_basebackup", "-h", "127.0.0.1", "-p", str(home.ports["primary"]), "-U", REPLICATION_ROLE,
            "-D", str(unfinished), "-S", SLOT, "-X", "stream", "-c", "fast", "-w", "-N",
            environment={"PGPASSWORD": home.secrets[REPLICATION_ROLE]},
        )  # fmt: skip
        # What `-R` writes as well, but our settings file names the primary: its port may change.
        signal_file = unfinished / "standby.signal"
        signal_file.touch(mode=0o600)
        give_to_server(signal_file)
        unfinished.rename(data)
    write_replica_settings(home, binaries, data)
    return data


def _check_version(binaries: PostgresBinaries, data: Path) -> None:
    version = (data / "PG_VERSION").read_text().strip()
    if version != str(binaries.version):
        raise StackError(
            f"the data in {data} is PostgreSQL {version}'s, the programs in {binaries.folder} are"
            f" {binaries.version}'s; start with the earlier ones, or use another --home"
        )


def _slot_is_usable(home: Home) -> bool:
    with connect(home, "preorders", database="postgres") as connection:
        row = connection.execute("select wal_status from pg_replication_slots where slot_name = %s", [SLOT]).fetchone()
    return row is not None and row[0] != "lost"


def _make_slot(home: Home) -> None:
    with connect(home, "preorders", database="postgres") as connection:
        connection.execute(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = %s",
            [SLOT],
        )
        connection.execute("select pg_create_physical_replication_slot(%s, true)", [SLOT])


def follows(home: Home) -> str | None:
    """None when the replica streams from the primary, else what is missing."""
    with connect(home, "preorders", "replica", "postgres") as connection:
        row = connection.execute("select pg_is_in_recovery(), status from pg_stat_wal_receiver").fetchone()
    if row is None:
        return "it is not connected to the primary"
    return None if row == (True, "streaming") else f"its receiver is {row[1]}"
