"""What the primary must hold: databases, roles with passwords, the source's tables, the service schema."""

from pathlib import Path

from psycopg import sql

from api.migrations import migrate
from local.environment import DAGSTER_DATABASE, DATABASE, dsn
from local.home import ROLES, Home
from local.postgres import Connection, connect
from local.postgres_binaries import PostgresBinaries

SQL_FOLDER = Path(__file__).parent / "sql"
_CHEAP_HANDSHAKE_SINCE = 160000


def set_up_databases(home: Home, binaries: PostgresBinaries) -> None:
    """Bring the primary to what this version needs. Safe to run again: done at every start."""
    with connect(home, "preorders", database="postgres") as connection:
        _create_database(connection, DATABASE, "preorders")
    with connect(home, "preorders") as connection:
        connection.execute((SQL_FOLDER / "roles.sql").read_bytes())
        if connection.info.server_version >= _CHEAP_HANDSHAKE_SINCE:
            # Hashing slowly guards guessable passwords; these are 32 random characters. Dagster connects anew for
            # each of a build's 250 events, and with the default of 4096 rounds that took a third of the build.
            connection.execute("set scram_iterations = 1")
        for role in ROLES:
            connection.execute(
                sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(home.secrets[role]))
            )
        _create_database(connection, DAGSTER_DATABASE, "preorders_dagster")
        if binaries.has_statement_statistics:
            connection.execute("create extension if not exists pg_stat_statements")
    # As its own role, so that this role owns the tables and the default privileges reach dbt.
    with connect(home, "preorders_app") as connection, connection.transaction():
        row = connection.execute("select to_regclass('app.shops') is null").fetchone()
        if row == (True,):
            connection.execute((SQL_FOLDER / "app.sql").read_bytes())
        connection.execute("grant select, insert, update on app.fx_rates to preorders_rates")
    migrate(dsn(home, "preorders_service"))


def has_dagster_tables(home: Home) -> bool:
    """Whether Dagster made its tables: its first process does."""
    with connect(home, "preorders_dagster", database=DAGSTER_DATABASE) as connection:
        return connection.execute("select 1 where to_regclass('runs') is not null").fetchone() is not None


def _create_database(connection: Connection, name: str, owner: str) -> None:
    if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is None:
        connection.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(name), sql.Identifier(owner)))
