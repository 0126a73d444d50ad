"""The two servers' configuration files, written anew at every start since ports may change."""

from pathlib import Path

from local.database_folder import give_to_server
from local.home import Home
from local.postgres_binaries import PostgresBinaries

SLOT = "replica"
REPLICATION_ROLE = "preorders_replicator"

# For both servers: a standby refuses to start when its limits are lower than the primary's.
BOTH = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # TCP alone: a socket's path may have only 107 bytes
    "max_connections": "200",
    "shared_buffers": "512MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "wal_level": "replica",
    "max_wal_senders": "10",
    "max_replication_slots": "10",
    "max_slot_wal_keep_size": "4GB",  # a replica that is away for long costs no more disk than this
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # Without a synchronous standby as durable as `on`. `off` would be faster for many small commits, but
    # would lose the last 0.6 s of them when the server is killed, which the fault tests do.
    "synchronous_commit": "local",
    # A backend whose client was killed notices within this, instead of finishing its statement.
    "client_connection_check_interval": "2s",
    "jit": "off",  # compiling costs more than these queries take
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_lock_waits": "on",
    "log_min_duration_statement": "5s",
    "log_checkpoints": "off",
}

REPLICA = {
    "hot_standby": "on",
    "hot_standby_feedback": "on",
    "max_standby_streaming_delay": "3s",  # replay waits for a query this long, then cancels it
    "primary_slot_name": SLOT,
    "wal_retrieve_retry_interval": "1s",  # the default waits 5 s before it looks for the primary again
    "wal_receiver_status_interval": "1s",
}


def write_primary_settings(home: Home, binaries: PostgresBinaries, data: Path) -> None:
    """Settings of the primary."""
    _write(data, {**BOTH, "port": str(home.ports["primary"]), **_preloaded(binaries)})


def write_replica_settings(home: Home, binaries: PostgresBinaries, data: Path) -> None:
    """Settings of the standby. The password stands in a file of its own, which `ps` does not show."""
    password_file = data.parent / "replica.pgpass"
    password_file.write_text(f"*:*:*:{REPLICATION_ROLE}:{home.secrets[REPLICATION_ROLE]}\n")
    password_file.chmod(0o600)
    give_to_server(password_file)
    primary = {
        "host": "127.0.0.1",
        "port": str(home.ports["primary"]),
        "user": REPLICATION_ROLE,
        "application_name": SLOT,
        "passfile": str(password_file).replace("\\", "\\\\").replace("'", "\\'"),
    }
    conninfo = " ".join(f"{name}='{value}'" for name, value in primary.items())
    _write(
        data,
        {
            **BOTH,
            "port": str(home.ports["replica"]),
            **REPLICA,
            "primary_conninfo": conninfo,
            **_preloaded(binaries),
        },
    )


def _preloaded(binaries: PostgresBinaries) -> dict[str, str]:
    return {"shared_preload_libraries": "pg_stat_statements"} if binaries.has_statement_statistics else {}


def _quoted(value: str) -> str:
    """Quote as postgresql.conf wants it, where a backslash escapes inside quotes too."""
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _write(data: Path, settings: dict[str, str]) -> None:
    lines = [f"{name} = {_quoted(value)}" for name, value in settings.items()]
    file = data / "postgresql.conf"
    file.write_text("\n".join(["# Written by `preorders up` at every start.", *lines, ""]))
    give_to_server(file)
