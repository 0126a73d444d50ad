"""The S3 bucket that exports go to, and the check that it takes and serves files."""

import os
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen
from uuid import uuid4

import boto3
import dagster as dg
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PROBE_SECONDS = 60


def s3_client() -> "S3Client":
    """Return a client of the export store.

    Signature version 4 always: boto3's default for signed URLs is the old scheme, of unlimited lifetime.
    """
    endpoint = os.environ.get("PREORDERS_S3_ENDPOINT")
    options: dict[str, Any] = {"signature_version": "s3v4"}
    if endpoint:  # a store of one's own knows neither bucket host names nor the newer checksums
        options |= {
            "s3": {"addressing_style": "path"},
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        }
    return boto3.client("s3", endpoint_url=endpoint, config=Config(**options))


export_bucket = dg.AssetSpec(
    "export_bucket",
    group_name="exports",
    kinds={"s3"},
    description="The bucket that CSV exports are written to and downloaded from by signed URL.",
)


@dg.asset_check(asset=export_bucket.key)
def takes_and_serves_files() -> dg.AssetCheckResult:
    """Write a small object, read it by signed URL, and remove it."""
    bucket, key, content = os.environ["PREORDERS_S3_BUCKET"], f"probes/{uuid4()}", b"probe"
    client = s3_client()
    client.put_object(Bucket=bucket, Key=key, Body=content)
    try:
        url = client.generate_presigned_url(
            "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=_PROBE_SECONDS
        )
        with urlopen(url, timeout=_PROBE_SECONDS) as response:
            served = response.read()
    finally:
        client.delete_object(Bucket=bucket, Key=key)
    return dg.AssetCheckResult(passed=served == content)
