"""A DSN may name several servers, and the watch over them goes on."""

import asyncio

import pytest

from api import servers
from api.servers import Servers, split_hosts


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("postgresql://api:p%40ss@one:5432/db", ["postgresql://api:p%40ss@one:5432/db"]),
        (
            "postgresql://api:p%40ss@one:5432,two:5433/db?sslmode=require",
            [
                "postgresql://api:p%40ss@one:5432/db?sslmode=require",
                "postgresql://api:p%40ss@two:5433/db?sslmode=require",
            ],
        ),
        ("postgresql://one,two/db", ["postgresql://one/db", "postgresql://two/db"]),
    ],
)
def test_each_host_has_a_dsn_of_its_own(dsn: str, expected: list[str]) -> None:
    assert split_hosts(dsn) == expected


def test_a_watch_that_fails_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    async def look(dsn: str) -> float:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise RuntimeError("unforeseen")
        return 0.0

    async def run() -> None:
        watching = asyncio.create_task(Servers({"one": None, "two": None}).watch())  # type: ignore[dict-item]
        while looks < 4:
            await asyncio.sleep(0.01)
            assert not watching.done()
        watching.cancel()

    monkeypatch.setattr(servers, "_lag", look)
    monkeypatch.setattr(servers, "_LOOK_EVERY_SECONDS", 0.01)
    asyncio.run(asyncio.wait_for(run(), 10))
