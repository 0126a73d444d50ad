"""The store that exports lie in, and the shop whose export is large."""

import os
from uuid import UUID

import boto3
from botocore.config import Config

LARGE_DOMAIN = "long-names.example"
LARGE_SHOP = str(UUID(int=0xC << 124))


class Store:
    """What is in the bucket."""

    def __init__(self) -> None:
        self.client = boto3.client(
            "s3", endpoint_url=os.environ["PREORDERS_S3_ENDPOINT"],
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )  # fmt: skip
        self.bucket = os.environ["PREORDERS_S3_BUCKET"]

    def objects_of(self, job_id: str) -> list[str]:
        """Return the keys of a job's objects."""
        found = self.client.list_objects_v2(Bucket=self.bucket, Prefix="exports/").get("Contents", [])
        return [item["Key"] for item in found if f"/{job_id}/" in item["Key"]]

    def uploads(self) -> list[str]:
        """Return the keys of unfinished uploads."""
        try:
            found = self.client.list_multipart_uploads(Bucket=self.bucket, Prefix="exports/").get("Uploads", [])
        except self.client.exceptions.NoSuchUpload:  # rclone's answer for a bucket that never had one
            return []
        return [upload["Key"] for upload in found]
