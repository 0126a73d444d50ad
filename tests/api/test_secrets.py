"""No key and no customer's address is anywhere but where it belongs: not in logs, errors, runs or their storage."""

import os
from pathlib import Path

import psycopg
from conftest import Stack
from data.golden import DOMAIN
from exports.exporting import ask, download, wait
from psycopg.conninfo import make_conninfo

EMAIL = "ada@golden.example"
_SOURCES = ("s3", "postgres")  # where the merchant's own data lies


def files_with(folder: Path, secret: bytes) -> list[str]:
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if Path(parent) != folder or name not in _SOURCES]
        regular = [path for path in (Path(parent, name) for name in files) if path.is_file()]  # not the sockets
        found += [str(path) for path in regular if secret in path.read_bytes()]
    return found


def tables_with(dsn: str, schemas: tuple[str, ...], secret: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        tables = connection.execute(
            "select format('%%I.%%I', schemaname, tablename) from pg_tables where schemaname = any(%s)",
            (list(schemas),),
        ).fetchall()
        assert tables
        query = "select exists (select from {} as row where strpos(row::text, %s) > 0)"
        return [name for (name,) in tables if connection.execute(query.format(name), (secret,)).fetchone() == (True,)]


def dagster_dsn(stack: Stack) -> str:
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "DBNAME"}
    parts = {key: stack.environment[f"PREORDERS_DAGSTER_DB_{name}"] for key, name in names.items()}
    return make_conninfo(**parts)


def test_nothing_secret_is_left_behind(built: Stack) -> None:
    client = built.client(DOMAIN)
    key = built.keys[DOMAIN]
    for path in ("/summary", f"/{key}", f"/summary?{key}={key}", "/customers"):
        client.get(path)
    client.post("/summary/export", json={key: key})
    window = {"from": "2026-01-01", "to": "2026-03-31"}
    assert EMAIL in download(wait(client, ask(client, "customers", window)))
    built.build()
    for secret in (key.removeprefix("pre_"), EMAIL):
        assert files_with(built.home, secret.encode()) == []
        assert tables_with(dagster_dsn(built), ("public",), secret) == []
        assert tables_with(built.environment["PREORDERS_PRIMARY_DSN"], ("service",), secret) == []
