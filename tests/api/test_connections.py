"""Pooled connections: what is tried again and what is not, and that none carries anything from one shop to another."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from conftest import Stack
from data.golden import OTHER_SHOP, SHOP

from api.database import Unavailable, as_tenant, read
from api.reports.answer import answer
from api.reports.contract import check
from api.reports.published import NotBuilt
from api.reports.registry import REPORTS
from api.servers import Connection, Servers, open_servers
from api.services import REPORT_SETTINGS

WINDOW = {"from": "2026-01-01", "to": "2026-03-31"}
OFFERS = "select count(*) from reports.dim_offers"
JOBS = "select count(*) from service.export_jobs"


def with_servers(dsn: str, work: Callable[[Servers], Awaitable[Any]], **settings: str) -> Any:
    """Do work with a pool of one connection, as the API makes it."""

    async def run() -> Any:
        servers = await open_servers(dsn, 1, "preorders-api of a test", **settings)
        try:
            return await work(servers)
        finally:
            await servers.close()

    return asyncio.run(run())


def on_the_primary(stack: Stack, work: Callable[[Servers], Awaitable[Any]]) -> Any:
    return with_servers(stack.environment["PREORDERS_API_PRIMARY_DSN"], work)


def on_the_replica(stack: Stack, work: Callable[[Servers], Awaitable[Any]]) -> Any:
    return with_servers(stack.environment["PREORDERS_API_REPLICA_DSN"], work, **REPORT_SETTINGS)


class Failing:
    """Work that PostgreSQL ends with an error so many times, and counts how often it is done."""

    def __init__(self, code: str, times: int) -> None:
        self._code, self._times, self.attempts = code, times, 0

    async def __call__(self, connection: Connection) -> str:
        self.attempts += 1
        if self.attempts <= self._times:
            await connection.execute(f"do $$ begin raise exception using errcode = '{self._code}'; end $$")
        return "done"


@pytest.mark.parametrize("code", ["40001", "08006", "08003", "57P01", "57P02", "57P05"])
def test_what_passes_is_tried_once_more(built: Stack, code: str) -> None:
    once, twice = Failing(code, 1), Failing(code, 2)
    assert on_the_replica(built, lambda servers: read(servers, once)) == "done"
    with pytest.raises(Unavailable):
        on_the_replica(built, lambda servers: read(servers, twice))
    assert (once.attempts, twice.attempts) == (2, 2)


@pytest.mark.parametrize("code", ["57014", "55P03", "53100", "53200", "53300", "57P03", "28P01"])
def test_what_a_second_attempt_would_not_mend_is_told_at_once(built: Stack, code: str) -> None:
    failing = Failing(code, 1)
    with pytest.raises(Unavailable):
        on_the_replica(built, lambda servers: read(servers, failing))
    assert failing.attempts == 1


def test_a_mistake_of_ours_is_no_outage(built: Stack) -> None:
    failing = Failing("42601", 1)
    with pytest.raises(asyncpg.PostgresSyntaxError):
        on_the_replica(built, lambda servers: read(servers, failing))


@pytest.mark.parametrize(
    ("table", "raised"), [("reports.nothing", NotBuilt), ("service.nothing", asyncpg.UndefinedTableError)]
)
def test_only_a_table_of_reports_waits_for_a_build(built: Stack, table: str, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        on_the_replica(built, lambda servers: read(servers, lambda connection: connection.fetchval(f"table {table}")))


def test_a_call_with_too_few_values_is_a_mistake_too(built: Stack) -> None:
    attempts = 0

    async def work(connection: Connection) -> None:
        nonlocal attempts
        attempts += 1
        await connection.fetchval("select $1::int")

    with pytest.raises(asyncpg.InterfaceError, match="expects 1 argument"):
        on_the_replica(built, lambda servers: read(servers, work))
    assert attempts == 1


def test_a_connection_that_was_closed_meanwhile_is_made_anew(built: Stack) -> None:
    attempts = 0

    async def work(connection: Connection) -> int:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            connection.terminate()
        return await connection.fetchval("select 7")

    assert on_the_replica(built, lambda servers: read(servers, work)) == 7
    assert attempts == 2


def test_a_plan_of_a_table_that_has_changed_is_made_anew(built: Stack) -> None:
    async def work(servers: Servers) -> list[int]:
        async def columns(connection: Connection) -> int:
            row = await connection.fetchrow("select * from service.heartbeat")
            return len(row)

        async def in_a_transaction(connection: Connection) -> int:
            async with connection.transaction():
                return await columns(connection)

        before = await read(servers, in_a_transaction)
        with built.primary() as owner:
            owner.execute("alter table service.heartbeat add column of_a_test int")
        try:
            return [before, await read(servers, in_a_transaction)]
        finally:
            with built.primary() as owner:
                owner.execute("alter table service.heartbeat drop column of_a_test")

    before, after = on_the_primary(built, work)
    assert after == before + 1


def test_without_a_tenant_the_primary_raises_and_the_replica_shows_nothing(built: Stack) -> None:
    with pytest.raises(asyncpg.PostgresError, match=r"preorders\.shop_id"):
        on_the_primary(built, lambda servers: read(servers, lambda connection: connection.fetchval(JOBS)))
    assert on_the_replica(built, lambda servers: read(servers, lambda connection: connection.fetchval(OFFERS))) == 0


def test_a_connection_carries_no_tenant_to_its_next_user(built: Stack) -> None:
    request = check(REPORTS["summary"], WINDOW)

    async def work(servers: Servers) -> list[Any]:
        await read(servers, lambda connection: answer(connection, request, UUID(SHOP)))
        after_an_answer = await read(servers, lambda connection: connection.fetchval(OFFERS))
        await given_up(servers)
        after_one_given_up = await read(servers, lambda connection: connection.fetchval(OFFERS))
        other = await read(servers, lambda connection: answer(connection, request, UUID(OTHER_SHOP)))
        return [after_an_answer, after_one_given_up, b'"orders":0' in other.tail]

    assert on_the_replica(built, work) == [0, 0, True]


def test_nor_does_one_whose_transaction_was_given_up(built: Stack) -> None:
    async def work(servers: Servers) -> int:
        await as_tenant(servers, UUID(SHOP), lambda connection: connection.fetchval(JOBS))
        await given_up(servers)
        return await read(servers, lambda connection: connection.fetchval(JOBS))

    with pytest.raises(asyncpg.PostgresError, match=r"preorders\.shop_id|invalid input syntax for type uuid"):
        on_the_primary(built, work)


async def given_up(servers: Servers) -> None:
    """Begin work as a tenant that its caller does not wait for, as when a client disconnects."""
    task = asyncio.create_task(
        as_tenant(servers, UUID(SHOP), lambda connection: connection.execute("select pg_sleep(5)"))
    )
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
