"""The S3 bucket that exports go to, and the check that it takes and serves files."""

from urllib.request import urlopen
from uuid import uuid4

import dagster as dg

from api.exports.object_store import export_bucket, s3_client, sign_download

_PROBE_SECONDS = 60

bucket_asset = dg.AssetSpec(
    "export_bucket",
    group_name="exports",
    kinds={"s3"},
    description="The bucket that CSV exports are written to and downloaded from by signed URL.",
)


@dg.asset_check(asset=bucket_asset.key)
def takes_and_serves_files() -> dg.AssetCheckResult:
    """Write a small object, read it by signed URL, and remove it."""
    bucket, key, content = export_bucket(), f"probes/{uuid4()}", b"probe"
    client = s3_client()
    client.put_object(Bucket=bucket, Key=key, Body=content)
    try:
        with urlopen(sign_download(client, bucket, key).url, timeout=_PROBE_SECONDS) as response:
            served = response.read()
    finally:
        client.delete_object(Bucket=bucket, Key=key)
    return dg.AssetCheckResult(passed=served == content)
