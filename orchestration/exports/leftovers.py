"""What an attempt can leave in the object store, and taking it away."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class StoreFailed(Exception):
    """The store refused, answered wrongly, or could not be reached; boto3 has tried three times by then."""


@dataclass(frozen=True)
class StoredObject:
    """An object, and when it was stored."""

    key: str
    stored_at: datetime


@dataclass(frozen=True)
class OpenUpload:
    """An upload that was neither completed nor aborted."""

    key: str
    upload_id: str
    initiated_at: datetime


@contextmanager
def told_as_store_failed(what: str) -> Iterator[None]:
    """Turn boto3's exceptions into one that says what was being done."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StoreFailed(f"{what}: {error}") from error


def open_uploads(client: "S3Client", bucket: str, prefix: str) -> list[OpenUpload]:
    """Return the unfinished uploads below a prefix.

    Raises:
        StoreFailed: the store could not be asked.
    """
    with told_as_store_failed("list uploads"):
        try:
            pages = list(client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix))
        except client.exceptions.NoSuchUpload:  # rclone's answer for a bucket that never had one
            return []
    uploads = [upload for page in pages for upload in page.get("Uploads", [])]
    return [OpenUpload(upload["Key"], upload["UploadId"], upload["Initiated"]) for upload in uploads]


def stored_objects(client: "S3Client", bucket: str, prefix: str) -> list[StoredObject]:
    """Return the objects below a prefix.

    Raises:
        StoreFailed: the store could not be asked.
    """
    with told_as_store_failed("list objects"):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [StoredObject(item["Key"], item["LastModified"]) for page in pages for item in page.get("Contents", [])]


def abort_upload(client: "S3Client", bucket: str, key: str, upload_id: str) -> None:
    """End an upload so that the store forgets its parts; one that has ended already is fine.

    Raises:
        StoreFailed: the store could not be asked.
    """
    with told_as_store_failed("abort upload"):
        try:
            client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
        except client.exceptions.NoSuchUpload:
            return


def remove_attempt(client: "S3Client", bucket: str, key: str) -> None:
    """Take away the object of an attempt and its unfinished uploads.

    Raises:
        StoreFailed: the store could not be asked.
    """
    for upload in open_uploads(client, bucket, key):
        abort_upload(client, bucket, upload.key, upload.upload_id)
    with told_as_store_failed("delete object"):
        client.delete_object(Bucket=bucket, Key=key)
