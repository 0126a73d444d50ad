"""The databases and the object store of a running stack, and the keys made in it."""

import subprocess
import time
from collections.abc import Callable

import boto3
import botocore.exceptions
import psycopg
import pytest
from botocore.config import Config

from api.keys import hash_key
from local.home import open_home
from tests.local.stack_under_test import DATABASES, StackUnderTest

A_SHOP = """
    insert into app.shops (id, name, domain, currency, timezone)
    values (gen_random_uuid(), 'One', 'one.example', 'EUR', 'Europe/Berlin')
    on conflict do nothing
"""


@pytest.fixture(scope="module")
def stack(make_stack: Callable[[str], StackUnderTest]) -> StackUnderTest:
    stack = make_stack("a home")
    stack.up(*DATABASES, "--only", "s3")
    return stack


def test_the_replica_follows_the_primary_and_refuses_writes(stack: StackUnderTest) -> None:
    stack.do("PREORDERS_PRIMARY_DSN", "create table public.followed as select 42 as answer")
    deadline = time.monotonic() + 10
    while stack.ask("PREORDERS_REPLICA_DSN", "select to_regclass('public.followed') is null"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert stack.ask("PREORDERS_REPLICA_DSN", "select answer from public.followed") == 42
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        stack.do("PREORDERS_REPLICA_DSN", "drop table public.followed")


def test_status_names_what_is_missing_and_exits_with_3(stack: StackUnderTest) -> None:
    states = {line.split()[0]: line for line in stack.run("status", code=3).stdout.splitlines()}
    assert "running" in states["primary"] and "running" in states["replica"] and "running" in states["s3"]
    assert "stopped" in states["api"]


def test_env_prints_settings_that_a_shell_takes(stack: StackUnderTest) -> None:
    script = f"{stack.run('env').stdout}\necho $PREORDERS_PRIMARY_DSN $PREORDERS_API_URL $DAGSTER_HOME"
    shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env={})
    names = ("PREORDERS_PRIMARY_DSN", "PREORDERS_API_URL", "DAGSTER_HOME")
    assert shell.stdout.strip() == " ".join(stack.settings()[name] for name in names)


def test_every_role_can_connect_with_its_settings(stack: StackUnderTest) -> None:
    settings = stack.settings()
    assert stack.ask("PREORDERS_API_PRIMARY_DSN", "select current_user") == "preorders_api"
    assert stack.ask("PREORDERS_API_REPLICA_DSN", "select pg_is_in_recovery()") is True
    assert stack.ask("PREORDERS_PUBLISHER_DSN", "select current_user") == "preorders_publisher"
    for prefix, database in (("PREORDERS_DBT", "preorders"), ("PREORDERS_DAGSTER_DB", "dagster")):
        with psycopg.connect(
            host=settings[f"{prefix}_HOST"],
            port=settings[f"{prefix}_PORT"],
            user=settings[f"{prefix}_USER"],
            password=settings[f"{prefix}_PASSWORD"],
            dbname=settings[f"{prefix}_DBNAME"],
        ) as connection:
            assert connection.info.dbname == database


def test_a_role_without_its_password_is_refused(stack: StackUnderTest) -> None:
    dsn = stack.settings()["PREORDERS_PRIMARY_DSN"]
    host = dsn.rsplit("@", 1)[1]
    with pytest.raises(psycopg.OperationalError, match="authentication"):
        psycopg.connect(f"postgresql://preorders:wrong@{host}")


def test_the_api_role_reads_keys_but_not_the_source_or_the_migrations(stack: StackUnderTest) -> None:
    assert stack.ask("PREORDERS_API_PRIMARY_DSN", "select count(*) from service.heartbeat") == 1
    for statement in (
        "select * from app.shops",
        "delete from service.api_keys",
        "drop table service.api_keys",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            stack.do("PREORDERS_API_PRIMARY_DSN", statement)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        stack.do("PREORDERS_API_PRIMARY_DSN", "update service._yoyo_migration set migration_id = 'x'")


def test_migrations_applied_before_are_not_applied_again(stack: StackUnderTest) -> None:
    assert "nothing" in stack.run("migrate").stdout


def test_the_object_store_keeps_objects_and_refuses_foreign_keys(stack: StackUnderTest) -> None:
    settings = stack.settings()

    def client(secret: str):  # type: ignore[no-untyped-def]
        return boto3.client(
            "s3",
            endpoint_url=settings["PREORDERS_S3_ENDPOINT"],
            region_name=settings["AWS_REGION"],
            aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=secret,
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )

    place = {"Bucket": settings["PREORDERS_S3_BUCKET"], "Key": "folder/object.csv"}
    client(settings["AWS_SECRET_ACCESS_KEY"]).put_object(**place, Body=b"a,b\n")
    kept = client(settings["AWS_SECRET_ACCESS_KEY"]).get_object(**place)["Body"].read()
    assert kept == b"a,b\n"
    with pytest.raises(botocore.exceptions.ClientError, match="SignatureDoesNotMatch"):
        client("wrong").get_object(**place)


def test_no_secret_is_visible_in_the_process_list(stack: StackUnderTest) -> None:
    processes = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert not [name for name, secret in open_home(stack.home).secrets.items() if secret in processes]


def test_a_key_is_shown_once_and_stored_as_a_hash(stack: StackUnderTest) -> None:
    stack.do("PREORDERS_PRIMARY_DSN", A_SHOP)
    said = stack.run("keys", "create", "--shop", "one.example", "--rate-limit", "77", "--expires-in-days", "2")
    key = said.stdout.split()[-1]
    assert key.startswith("pre_") and said.stdout.splitlines()[-1].split()[-1] == key
    stored = stack.ask("PREORDERS_PRIMARY_DSN", "select key_hash from service.api_keys order by 1 desc limit 1")
    assert bytes(stored) == hash_key(key)  # type: ignore[call-overload]
    assert stack.ask("PREORDERS_PRIMARY_DSN", "select points_per_minute from service.rate_limits") == 77
    assert key not in stack.run("keys", "list").stdout

    hint = key[:10]
    [line] = [line for line in stack.run("keys", "list").stdout.splitlines() if hint in line]
    assert "77" in line.split()
    stack.run("keys", "revoke", hint)
    assert "no" in stack.run("keys", "list").stdout.splitlines()[-1].split()


def test_a_key_for_an_unknown_shop_is_one_clear_line(stack: StackUnderTest) -> None:
    done = stack.run("keys", "create", "--shop", "nobody.example", code=1)
    assert done.stderr.startswith("preorders: no shop has the domain nobody.example; there are ")
    assert done.stderr.count("\n") == 1
    assert "no-such-key" in stack.run("keys", "revoke", "no-such-key", code=1).stderr
