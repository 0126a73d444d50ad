"""A store that fails in every way: a file is whole, or there is none and the job says so (I2, I3, I10)."""

from collections.abc import Iterator

import boto3
import dagster as dg
import psycopg
import pytest
from botocore.config import Config
from conftest import Stack
from exports.faulty_store import Fault, FaultyStore
from exports.store import LARGE_SHOP, Store
from faults import until
from psycopg.types.json import Jsonb

from api.exports.jobs import new_job_id
from api.exports.launch import run_config
from api.exports.object_store import _OPTIONS, _OWN_STORE
from orchestration.exports import write_export

WINDOW = {"from": "2026-01-01", "to": "2026-01-31", "currency": "USD"}


def is_part(method: str, path: str) -> bool:
    return method == "PUT" and "partNumber" in path


def is_completion(method: str, path: str) -> bool:
    return method == "POST" and "uploadId=" in path


def is_whole(method: str, path: str) -> bool:
    return method == "PUT" and "partNumber" not in path


def is_head(method: str, path: str) -> bool:
    return method == "HEAD"


@pytest.fixture
def faulty(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyStore]:
    """Put a misbehaving store between the export and the real one."""
    proxy = FaultyStore(store.client.meta.endpoint_url)
    options = {**_OPTIONS, **_OWN_STORE, "read_timeout": 2}
    client = boto3.client("s3", endpoint_url=proxy.endpoint, config=Config(**options))
    monkeypatch.setattr(write_export, "s3_client", lambda: client)
    yield proxy
    proxy.close()


def export(stack: Stack, report: str = "customers") -> tuple[str, bool]:
    """Run an export's op in this process; return its job's id and whether the run succeeded."""
    job_id = new_job_id()
    with stack.primary() as connection:
        connection.execute(
            """
            insert into service.export_jobs (job_id, shop_id, report, request, parameters, file_format, file_name)
            values (%s, %s, %s, '{}', %s, 'csv', 'x.csv')
            """,
            (job_id, LARGE_SHOP, report, Jsonb(WINDOW)),
        )
    with dg.DagsterInstance.ephemeral() as instance:
        result = write_export.export_report.execute_in_process(
            run_config=run_config(job_id), instance=instance, raise_on_error=False
        )
    return job_id, result.success


def state_of(stack: Stack, job_id: str) -> tuple[str, str | None, object]:
    with stack.primary() as connection:
        row: tuple[str, str | None, object] | None = connection.execute(
            "select status, error, attempt_token from service.export_jobs where job_id = %s", (job_id,)
        ).fetchone()
    assert row is not None
    return row


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    ("report", "fault"),
    [
        ("customers", Fault(is_part, "status", 500)),
        ("customers", Fault(is_part, "status", 503, "SlowDown")),
        ("customers", Fault(is_part, "status", 403, "AccessDenied")),
        pytest.param("customers", Fault(is_part, "reset"), marks=pytest.mark.long),
        pytest.param("customers", Fault(is_part, "hang"), marks=pytest.mark.long),
        ("customers", Fault(is_part, "cut", times=1)),
        ("customers", Fault(is_part, "lie")),
        ("customers", Fault(is_completion, "lie")),
        ("customers", Fault(is_completion, "status", 500)),
        ("customers", Fault(is_head, "status", 404)),
        ("summary", Fault(is_whole, "status", 403, "AccessDenied")),
        ("summary", Fault(is_whole, "lie")),
        ("summary", Fault(is_whole, "cut", times=1)),
        ("summary", Fault(is_whole, "reset")),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.applies.__name__}-{value.kind}-{value.status}",
)
def test_a_file_that_the_store_does_not_confirm_is_never_ready(
    built: Stack, store: Store, faulty: FaultyStore, report: str, fault: Fault
) -> None:
    faulty.fault = fault
    job_id, succeeded = export(built, report)
    assert not succeeded
    assert state_of(built, job_id) == ("failed", "the file could not be stored; try again later", None)
    assert store.objects_of(job_id) == []
    assert not [key for key in store.uploads() if job_id in key]


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("kind", ["status", "reset", "hang", "slow"])
def test_a_fault_that_passes_is_survived(built: Stack, store: Store, faulty: FaultyStore, kind: str) -> None:
    faulty.fault = Fault(is_part, kind, 503, "SlowDown", times=1)
    job_id, succeeded = export(built)
    assert succeeded
    assert state_of(built, job_id) == ("ready", None, None)
    assert len(store.objects_of(job_id)) == 1
    assert not [key for key in store.uploads() if job_id in key]


@pytest.mark.usefixtures("large")
def test_a_store_that_cannot_even_be_cleaned_up_ends_the_job_and_is_cleaned_later(
    built: Stack, store: Store, faulty: FaultyStore
) -> None:
    faulty.fault = Fault(lambda method, path: is_part(method, path) or method == "DELETE", "status", 500)
    job_id, _ = export(built)
    status, error, token = state_of(built, job_id)
    assert (status, error) == ("failed", "the file could not be stored; try again later")
    assert token is not None, "the keeper must know that something is left"
    assert [key for key in store.uploads() if job_id in key]
    with psycopg.connect(built.environment["PREORDERS_PRIMARY_DSN"]) as connection:
        connection.execute("update service.export_jobs set leased_until = now() where job_id = %s", (job_id,))
    _until_clean(built, job_id)
    assert not [key for key in store.uploads() if job_id in key]


def _until_clean(stack: Stack, job_id: str) -> None:
    until(lambda: state_of(stack, job_id)[2] is None, 60, "the keeper has not cleaned up")
