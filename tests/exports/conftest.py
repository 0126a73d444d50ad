"""A shop whose export needs several parts, and the store that exports lie in."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from conftest import Stack
from exports.store import LARGE_DOMAIN, LARGE_SHOP, Store
from invariants import invariants_hold

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
    built.load(rows)
    return built.client(LARGE_DOMAIN)


@pytest.fixture
def invariants(large: httpx.Client, built: Stack) -> Iterator[None]:
    """Check after a test that nothing was lost, and nothing is left."""
    with invariants_hold(built):
        yield


@pytest.fixture
def store(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return the store of the stack, and let code of this process reach everything that an export's run does."""
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    return Store()
