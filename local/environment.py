"""The settings of the processes as environment variables: one function for `preorders env` and for them."""

import os
import sysconfig
from collections.abc import Mapping

from local.home import Home

DATABASE = "preorders"
DAGSTER_DATABASE = "dagster"
BUCKET = "preorders-exports"
REGION = "us-east-1"
LOOPBACK = "127.0.0.1"

# Every process of a stack carries its home in this variable: so they are found after their supervisor died.
STACK_MARK = "PREORDERS_STACK_HOME"

# Of the caller's environment, what would lead a part astray: another account's credentials or endpoint, and the ban on
# bytecode (Dagster's runs take three times as long without it); and libpq's defaults.
_UNWANTED = {
    *("PYTHONDONTWRITEBYTECODE", "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"),
}
_LIBPQ = "PG"  # what all of its variables begin with


def dsn(home: Home, role: str, part: str = "primary", database: str = DATABASE) -> str:
    """A connection URL for the role on the primary or the replica."""
    return f"postgresql://{role}:{home.secrets[role]}@{LOOPBACK}:{home.ports[part]}/{database}"


def forget_libpq_defaults() -> None:
    """Take libpq's variables out of this process's environment: they are about another server than a home's."""
    for name in [name for name in os.environ if name.startswith(_LIBPQ)]:
        del os.environ[name]


def api_url(home: Home) -> str:
    """The API's address, without a trailing slash."""
    return f"http://{LOOPBACK}:{home.ports['api']}"


def dagster_url(home: Home) -> str:
    """The address of Dagster's webserver, without a trailing slash."""
    return f"http://{LOOPBACK}:{home.ports['webserver']}"


def s3_url(home: Home) -> str:
    """The object store's endpoint, without a trailing slash."""
    return f"http://{LOOPBACK}:{home.ports['s3']}"


def settings(home: Home) -> dict[str, str]:
    """The variables that `preorders env` prints.

    Raises:
        StackError: this home never was started.
    """
    port = str(home.ports["primary"])
    secrets = home.secrets
    return {
        "PREORDERS_PRIMARY_DSN": dsn(home, "preorders"),
        "PREORDERS_REPLICA_DSN": dsn(home, "preorders", "replica"),
        "PREORDERS_API_URL": api_url(home),
        "PREORDERS_DAGSTER_URL": dagster_url(home),
        "PREORDERS_S3_ENDPOINT": s3_url(home),
        "PREORDERS_S3_BUCKET": BUCKET,
        "PREORDERS_API_PRIMARY_DSN": dsn(home, "preorders_api"),
        "PREORDERS_API_REPLICA_DSN": dsn(home, "preorders_api", "replica"),
        "PREORDERS_EXPORTS_PRIMARY_DSN": dsn(home, "preorders_exports"),
        "PREORDERS_EXPORTS_REPLICA_DSN": dsn(home, "preorders_exports", "replica"),
        "PREORDERS_PUBLISHER_DSN": dsn(home, "preorders_publisher"),
        "PREORDERS_FX_RATES_DSN": dsn(home, "preorders_rates"),
        "PREORDERS_SERVICE_DSN": dsn(home, "preorders_service"),
        "PREORDERS_DBT_HOST": LOOPBACK,
        "PREORDERS_DBT_PORT": port,
        "PREORDERS_DBT_USER": "preorders_dbt",
        "PREORDERS_DBT_PASSWORD": secrets["preorders_dbt"],
        "PREORDERS_DBT_DBNAME": DATABASE,
        "PREORDERS_ANALYST_USER": "preorders_analyst",
        "PREORDERS_ANALYST_PASSWORD": secrets["preorders_analyst"],
        "PREORDERS_DAGSTER_DB_HOST": LOOPBACK,
        "PREORDERS_DAGSTER_DB_PORT": port,
        "PREORDERS_DAGSTER_DB_USER": "preorders_dagster",
        "PREORDERS_DAGSTER_DB_PASSWORD": secrets["preorders_dagster"],
        "PREORDERS_DAGSTER_DB_DBNAME": DAGSTER_DATABASE,
        "AWS_ACCESS_KEY_ID": secrets["s3_access_key"],
        "AWS_SECRET_ACCESS_KEY": secrets["s3_secret_key"],
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,  # the name that boto3 reads
        "DAGSTER_HOME": str(home.dagster),
        "PREORDERS_RUN_WORKERS": str(home.sockets),
    }


def process_environment(home: Home, inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the supervised processes see: the caller's environment, cleaned, and the settings."""
    kept = {name: value for name, value in inherited.items() if name not in _UNWANTED and not name.startswith(_LIBPQ)}
    # A proxy of the network would swallow the calls to the neighbours, gRPC's too.
    loopback = f"{LOOPBACK},localhost"
    return {
        **kept,
        **settings(home),
        STACK_MARK: str(home.path),
        # apart from what an analyst does by hand, and from other homes: dbt parses all anew for another profile
        "DBT_TARGET_PATH": str(home.dagster / "dbt_target"),
        "DBT_LOG_PATH": str(home.dagster / "dbt_logs"),
        "PATH": os.pathsep.join((sysconfig.get_path("scripts"), kept.get("PATH", os.defpath))),
        **{name: ",".join(filter(None, (kept.get(name), loopback))) for name in ("no_proxy", "NO_PROXY")},
    }
