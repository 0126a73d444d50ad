"""The S3 bucket of the exports: its client, and signed download addresses (spec: api.md, Exports)."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The longest that signature version 4 allows; boto3 would sign for longer, and the store refuse it.
URL_LIFETIME = timedelta(days=7)
# A session token may be given without its end; sessions of a role last an hour unless more is asked for.
_SESSION_OF_UNKNOWN_END = timedelta(hours=1)
_OPTIONS: dict[str, Any] = {
    # version 4 always: boto3's default for signed addresses is the old scheme
    "signature_version": "s3v4",
    # So that an export whose store hangs fails within 90 s: three tries of 15 s, and the pauses between.
    "connect_timeout": 5,
    "read_timeout": 15,
    "retries": {"mode": "standard", "max_attempts": 3},
}
_OWN_STORE: dict[str, Any] = {  # which knows neither bucket host names nor the newer checksums
    "s3": {"addressing_style": "path"},
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


@dataclass(frozen=True)
class SignedUrl:
    """A download address, and the instant (UTC) at which it stops working."""

    url: str
    expires_at: datetime


@cache
def s3_client() -> "S3Client":
    """Return the client of the export store; its settings are boto3's own, and PREORDERS_S3_ENDPOINT."""
    import boto3  # here: a third of what the API would take to start
    from botocore.config import Config

    endpoint = os.environ.get("PREORDERS_S3_ENDPOINT")
    return boto3.client("s3", endpoint_url=endpoint, config=Config(**_OPTIONS, **(_OWN_STORE if endpoint else {})))


def export_bucket() -> str:
    """Return the bucket's name.

    Raises:
        RuntimeError: PREORDERS_S3_BUCKET is not set.
    """
    try:
        return os.environ["PREORDERS_S3_BUCKET"]
    except KeyError:
        raise RuntimeError("PREORDERS_S3_BUCKET is not set; `preorders env` prints it") from None


class NoAddress(Exception):
    """The file has no address now: credentials to sign one cannot be had."""


def sign_download(client: "S3Client", bucket: str, key: str) -> SignedUrl:
    """Return an address for a plain GET of the object, valid for 7 days or as long as the credentials live.

    Reads and signs without asking the store, though temporary credentials may be fetched anew.

    Raises:
        NoAddress: they cannot be.
    """
    from botocore.exceptions import BotoCoreError

    now = datetime.now(UTC)
    try:
        url = client.generate_presigned_url(
            "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=int(URL_LIFETIME.total_seconds())
        )
    except BotoCoreError as error:
        raise NoAddress from error
    return SignedUrl(url, min(now + URL_LIFETIME, _credentials_end(client, now)))


def _credentials_end(client: "S3Client", now: datetime) -> datetime:
    """Return when temporary credentials end, which ends what they signed."""
    credentials = client._request_signer._credentials  # type: ignore[attr-defined]  # boto3 has no public way to ask
    if credentials is None or not credentials.token:
        return datetime.max.replace(tzinfo=UTC)
    known: datetime | None = getattr(credentials, "_expiry_time", None)
    return known or now + _SESSION_OF_UNKNOWN_END
