"""A shop whose export needs several parts, and the store that exports lie in."""

import os
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import boto3
import httpx
import pytest
from botocore.config import Config
from conftest import Stack
from data.load import insert_rows

LARGE_DOMAIN = "long-names.example"
LARGE_SHOP = str(UUID(int=0xC << 124))
_NAME = "".join(chr(97 + number % 26) for number in range(100_000))
_CUSTOMERS = 250  # 25 MB of names: three parts and a rest


@pytest.fixture(scope="session")
def large(built: Stack) -> httpx.Client:
    """Return a client of a shop whose customers' names fill several parts of an upload."""
    when = datetime(2026, 1, 10, 12, tzinfo=UTC)
    shop = {"id": LARGE_SHOP, "shop_id": LARGE_SHOP}
    offer = str(UUID(int=0xC << 124 | 1))
    rows: dict[str, list[dict[str, Any]]] = {
        "shops": [{"id": LARGE_SHOP, "name": "Long", "domain": LARGE_DOMAIN, "currency": "USD", "timezone": "UTC"}],
        "offers": [{**shop, "id": offer, "name": "Offer", "status": "active"}],
        "customers": [
            {**shop, "id": 700_000 + n, "email": f"{n}@long.example", "name": f"{n}\n{_NAME}"}
            for n in range(_CUSTOMERS)
        ],
        "orders": [
            {**shop, "id": 700_000 + n, "name": f"#{n}", "customer_id": 700_000 + n, "currency": "USD",
             "placed_at": when}
            for n in range(_CUSTOMERS)
        ],
        "order_lines": [
            {**shop, "id": 700_000 + n, "order_id": 700_000 + n, "offer_id": offer, "product_id": 1, "variant_id": 1,
             "quantity": 1, "total": 10, "deposit": 10, "balance": 0}
            for n in range(_CUSTOMERS)
        ],
    }  # fmt: skip
    with built.primary() as connection:
        insert_rows(connection, rows)
    built.build()
    return built.client(LARGE_DOMAIN)


@pytest.fixture
def store(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> "Store":
    """Return the store of the stack, and let code of this process reach everything that an export's run does."""
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    return Store()


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
