"""An answer in memory is not told once a later build was, in whatever order statements were asked and answered."""

import asyncio
import time
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from api import answers
from api.answers import Answers
from api.database import Unavailable
from api.reports.answer import Answer
from api.reports.metrics import Metrics
from api.reports.published import Build, Published
from api.reports.query import Shop
from api.reports.registry import REPORTS

SHOP = Shop(UUID(int=1), "USD", "UTC", {"USD": 2}, date(2026, 1, 31))
AT = datetime(2026, 1, 31, tzinfo=UTC)


def computed(build_id: int, seconds_ago: float) -> Answer:
    """An answer of a build whose statement was sent so long ago."""
    build = Build("USD", "UTC", {"USD": 2}, SHOP.today, SHOP.today, build_id, build_id, False, AT, AT, AT, 0.0)
    published = Published(SHOP, Metrics(()), build, time.monotonic() - seconds_ago)
    return Answer(b'{"freshness":', b"}", date(2026, 1, 1), None, published)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[Answer]:
    """What the next statements answer, in turn."""
    answered: list[Answer] = []

    async def read(*_: Any) -> Answer:
        return answered.pop(0)

    monkeypatch.setattr(answers, "read", read)
    return answered


@pytest.fixture(params=[False, True], ids=["one replica", "several"])
def told(request: pytest.FixtureRequest) -> Any:
    """Ask, and return the build that is told."""
    kept = Answers(SimpleNamespace(are_several=request.param), 10**6, 30)  # type: ignore[arg-type]

    def ask(query: bytes) -> int:
        body = asyncio.run(kept.tell(SHOP.shop_id, REPORTS["summary"], query)).body
        return int(msgspec.json.decode(body)["freshness"]["build_id"])

    ask.are_several = request.param  # type: ignore[attr-defined]
    return ask


def test_a_slow_statement_of_a_later_build_ends_what_is_kept_of_an_earlier_one(
    told: Any, statements: list[Any]
) -> None:
    statements += [computed(10, 0.1), computed(11, 0.3), computed(11, 0)]
    assert told(b"currency=USD") == 10
    assert told(b"") == 11, "asked before the other, and its snapshot was taken later"
    assert told(b"currency=USD") == 11
    assert statements == []


def test_a_slow_statement_of_an_earlier_build_brings_nothing_back(told: Any, statements: list[Any]) -> None:
    statements += [computed(11, 0.1), computed(10, 0.3)]
    assert told(b"currency=USD") == 11
    assert told(b"") == 10, "both were under way at the same time"
    assert told(b"currency=USD") == 11
    assert statements == []


def test_one_server_that_was_set_back_is_believed_and_another_replica_is_not(told: Any, statements: list[Any]) -> None:
    statements += [computed(11, 0)]
    assert told(b"currency=USD") == 11
    statements += [computed(10, -0.01)]
    if told.are_several:
        with pytest.raises(Unavailable):
            told(b"")
        return
    assert told(b"") == 10
    statements += [computed(10, 0)]
    assert told(b"currency=USD") == 10


def test_a_metric_that_was_removed_meanwhile_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Published | None] = []

    async def answer(_: Any, request: Any, shop_id: UUID, assumed: Published | None = None) -> Answer:
        tried.append(assumed)
        if assumed is not None:
            raise asyncpg.UndefinedColumnError("column gone_minor does not exist")
        return computed(2, 0)

    async def read(_: Any, work: Any) -> Answer:
        found: Answer = await work(None)
        return found

    monkeypatch.setattr(answers, "answer", answer)
    monkeypatch.setattr(answers, "read", read)
    kept = Answers(SimpleNamespace(are_several=False), 0, 30)  # type: ignore[arg-type]
    for query in (b"", b"currency=EUR"):
        assert b'"build_id":2' in asyncio.run(kept.tell(SHOP.shop_id, REPORTS["summary"], query)).body
    assert [one is None for one in tried] == [True, False, True]
