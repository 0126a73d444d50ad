"""The S3 bucket that exports go to, and the check that it takes and serves files."""

from urllib.request import urlopen
from uuid import uuid4

import dagster as dg
from botocore.exceptions import BotoCoreError, ClientError

from api.exports.object_store import export_bucket, s3_client, sign_download
from orchestration.check_results import ERROR, check_result

_PROBE_SECONDS = 60
_TO_DO = (
    "see that the store runs, that PREORDERS_S3_ENDPOINT and PREORDERS_S3_BUCKET name it, and AWS_* its credentials"
)

bucket_asset = dg.AssetSpec(
    "export_bucket",
    deps=["reports_replica"],
    group_name="exports",
    owners=["team:data"],
    kinds={"s3"},
    description="The bucket that CSV exports are written to and downloaded from by signed URL.",
)


@dg.asset_check(asset=bucket_asset.key)
def takes_and_serves_files() -> dg.AssetCheckResult:
    """The store takes a small object, serves it by signed URL, and removes it.

    If red: see that the store runs and the credentials and the bucket of PREORDERS_S3_* are right.
    """
    bucket, key, content = export_bucket(), f"probes/{uuid4()}", b"probe"
    client = s3_client()
    try:
        client.put_object(Bucket=bucket, Key=key, Body=content)
        try:
            with urlopen(sign_download(client, bucket, key).url, timeout=_PROBE_SECONDS) as response:
                served = response.read()
        finally:
            client.delete_object(Bucket=bucket, Key=key)
    except (BotoCoreError, ClientError, OSError) as error:
        return check_result(f"the store failed: {error}", to_do=_TO_DO, severity=ERROR, metadata={})
    return check_result(
        "what was stored is served" if served == content else "the store served other bytes than it was given",
        to_do=_TO_DO,
        severity=None if served == content else ERROR,
        metadata={},
    )
