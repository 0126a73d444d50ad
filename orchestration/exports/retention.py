"""How long the object store keeps exports: lifecycle rules, or this job's hands where the store has none."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg
from botocore.exceptions import ClientError

from api.exports.attempts import EXPORTS_PREFIX
from api.exports.object_store import export_bucket, s3_client
from orchestration.exports.leftovers import (
    StoreFailed,
    abort_upload,
    open_uploads,
    stored_objects,
    told_as_store_failed,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import LifecycleRuleOutputTypeDef, LifecycleRuleTypeDef, ObjectIdentifierTypeDef

# A download address lives for 7 days, so the object does for one more.
_OBJECT_DAYS, _UPLOAD_DAYS = 8, 1
_RULE_ID = "exports"
_MOST_KEYS = 1000
_NO_RULES = {"NoSuchLifecycleConfiguration", "NotImplemented", "MethodNotAllowed", "NoSuchKey"}


def set_lifecycle_rules(client: "S3Client", bucket: str) -> None:
    """Have the store itself remove exports after 8 days and unfinished uploads after 1. The bucket's other rules stay.

    Raises:
        StoreFailed: the store refused, or knows no such rules.
    """
    others = [rule for rule in _lifecycle_rules(client, bucket) if rule.get("ID") != _RULE_ID]
    rule: LifecycleRuleTypeDef = {
        "ID": _RULE_ID,
        "Status": "Enabled",
        "Filter": {"Prefix": EXPORTS_PREFIX},
        "Expiration": {"Days": _OBJECT_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _UPLOAD_DAYS},
    }
    with told_as_store_failed("set lifecycle rules"):
        client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [*others, rule]})


def expires_exports(client: "S3Client", bucket: str) -> bool:
    """Return whether the store removes old exports by itself: all of them, after whatever time.

    Raises:
        StoreFailed: the store could not be asked.
    """
    return any(
        rule["Status"] == "Enabled" and "Expiration" in rule and _covers_exports(rule)
        for rule in _lifecycle_rules(client, bucket)
    )


def _covers_exports(rule: "LifecycleRuleOutputTypeDef") -> bool:
    conditions = rule.get("Filter", {"Prefix": rule.get("Prefix", "")})
    return conditions.keys() <= {"Prefix"} and EXPORTS_PREFIX.startswith(conditions.get("Prefix", ""))


def _lifecycle_rules(client: "S3Client", bucket: str) -> "list[LifecycleRuleOutputTypeDef]":
    with told_as_store_failed("read lifecycle rules"):
        try:
            return client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _NO_RULES:
                return []
            raise


def remove_expired(client: "S3Client", bucket: str, now: datetime) -> tuple[int, int]:
    """Remove what the rules would: objects of more than 8 days, uploads of more than 1. Return how many of each.

    Raises:
        StoreFailed: the store could not be asked, or kept something.
    """
    old: list[ObjectIdentifierTypeDef] = [
        {"Key": stored.key}
        for stored in stored_objects(client, bucket, EXPORTS_PREFIX)
        if stored.stored_at < now - timedelta(days=_OBJECT_DAYS)
    ]
    for first in range(0, len(old), _MOST_KEYS):
        _delete(client, bucket, old[first : first + _MOST_KEYS])
    uploads = [
        upload
        for upload in open_uploads(client, bucket, EXPORTS_PREFIX)
        if upload.initiated_at < now - timedelta(days=_UPLOAD_DAYS)
    ]
    for upload in uploads:
        abort_upload(client, bucket, upload.key, upload.upload_id)
    return len(old), len(uploads)


def _delete(client: "S3Client", bucket: str, objects: "list[ObjectIdentifierTypeDef]") -> None:
    with told_as_store_failed("delete objects"):
        kept = client.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True}).get("Errors", [])
    if kept:
        raise StoreFailed(f"delete objects: {len(kept)} of {len(objects)} are kept, the first because: {kept[0]}")


@dg.op
def remove_expired_files(context: dg.OpExecutionContext) -> None:
    """Remove expired exports, unless the bucket's lifecycle rules do."""
    client, bucket = s3_client(), export_bucket()
    if expires_exports(client, bucket):
        context.log.info("the bucket's lifecycle rules remove expired exports")
        return
    objects, uploads = remove_expired(client, bucket, datetime.now(UTC))
    context.log.info(f"removed {objects} expired exports and {uploads} unfinished uploads")


@dg.job(
    executor_def=dg.in_process_executor,
    description="Remove exports that no address leads to any more.",
    tags={"dagster/max_runtime": "3600"},
)
def remove_expired_exports() -> None:
    """One op."""
    remove_expired_files()


remove_expired_exports_every_hour = dg.ScheduleDefinition(
    name="remove_expired_exports_every_hour",
    job=remove_expired_exports,
    description=remove_expired_exports.description,
    cron_schedule="20 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
