"""Exports lie in the store for 8 days, unfinished uploads for 1 (spec: api.md, Exports)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from orchestration.exports.retention import expires_exports, remove_expired, set_lifecycle_rules

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
    assert not expires_exports(client, BUCKET)
    set_lifecycle_rules(client, BUCKET)
    assert expires_exports(client, BUCKET)
    [rule] = client.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert rule["Expiration"] == {"Days": 8}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert rule["Filter"] == {"Prefix": "exports/"}


@pytest.mark.parametrize(
    "rule",
    [
        {"Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 8}},
        {"Filter": {"Prefix": "exports/"}, "Expiration": {"Days": 8}, "Status": "Disabled"},
        {"Filter": {"Prefix": "exports/"}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
        {"Filter": {"Tag": {"Key": "old", "Value": "yes"}}, "Expiration": {"Days": 8}},
    ],
)
def test_another_rule_stays_and_leaves_exports_to_the_job(client: "S3Client", rule: dict[str, Any]) -> None:
    other = {"ID": "other", "Status": "Enabled", **rule}
    client.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [other]})  # type: ignore[list-item]
    assert not expires_exports(client, BUCKET)
    set_lifecycle_rules(client, BUCKET)
    set_lifecycle_rules(client, BUCKET)
    rules = client.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert [one["ID"] for one in rules] == ["other", "exports"]
    assert expires_exports(client, BUCKET)


def test_a_rule_of_the_whole_bucket_is_enough(client: "S3Client") -> None:
    rule = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}
    client.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})  # type: ignore[list-item]
    assert expires_exports(client, BUCKET)


def test_without_rules_the_same_is_removed_by_hand(client: "S3Client") -> None:
    client.put_object(Bucket=BUCKET, Key="exports/a.csv", Body=b"x")
    client.put_object(Bucket=BUCKET, Key="elsewhere/a.csv", Body=b"x")
    client.create_multipart_upload(Bucket=BUCKET, Key="exports/b.csv")
    assert remove_expired(client, BUCKET, datetime.now(UTC) + timedelta(days=7, hours=23)) == (0, 1)
    assert remove_expired(client, BUCKET, datetime.now(UTC) + timedelta(days=8, minutes=1)) == (1, 0)
    assert [item["Key"] for item in client.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["elsewhere/a.csv"]
