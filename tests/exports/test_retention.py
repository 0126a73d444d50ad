"""Exports lie in the store for 8 days, unfinished uploads for 1 (spec: api.md, Exports)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from orchestration.exports.retention import has_lifecycle_rules, remove_expired, set_lifecycle_rules

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "a-bucket"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator["S3Client"]:
    """Return a client of a store that knows lifecycle rules."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


def test_the_rules_are_set_and_found(client: "S3Client") -> None:
    assert not has_lifecycle_rules(client, BUCKET)
    set_lifecycle_rules(client, BUCKET)
    assert has_lifecycle_rules(client, BUCKET)
    [rule] = client.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert rule["Expiration"] == {"Days": 8}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert rule["Filter"] == {"Prefix": "exports/"}


def test_without_rules_the_same_is_removed_by_hand(client: "S3Client") -> None:
    client.put_object(Bucket=BUCKET, Key="exports/a.csv", Body=b"x")
    client.put_object(Bucket=BUCKET, Key="elsewhere/a.csv", Body=b"x")
    client.create_multipart_upload(Bucket=BUCKET, Key="exports/b.csv")
    assert remove_expired(client, BUCKET, datetime.now(UTC) + timedelta(days=7, hours=23)) == (0, 1)
    assert remove_expired(client, BUCKET, datetime.now(UTC) + timedelta(days=8, minutes=1)) == (1, 0)
    assert [item["Key"] for item in client.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["elsewhere/a.csv"]
