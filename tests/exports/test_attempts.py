"""What an attempt may still write, step by step, when answers are lost and the job has gone to others (I2, I3)."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import pytest
from conftest import Stack

from api.exports.attempts import (
    Attempt,
    LostAttempt,
    WrittenFile,
    claim,
    fail,
    give_back,
    make_ready,
    mark_clean,
    renew,
)
from api.exports.jobs import new_job_id

SHOP = UUID(int=0xA7)  # of no source row: attempts look at job records alone
FILE = WrittenFile(build_id=1, row_count=1, size_bytes=1, sha256="0" * 64)


def with_attempt(stack: Stack, steps: Callable[[asyncpg.Connection, Attempt], Awaitable[None]]) -> tuple[str, bool]:
    """Take the steps with a claimed job; return its status, and whether its attempt is to be cleaned up after."""

    async def run() -> tuple[str, bool]:
        connection = await asyncpg.connect(stack.environment["PREORDERS_PRIMARY_DSN"])
        job_id = new_job_id()
        try:
            await connection.execute(
                """
                insert into service.export_jobs (job_id, shop_id, report, request, parameters, file_format, file_name)
                values ($1, $2, 'summary', '{}', '{}', 'csv', 'x.csv')
                """,
                *(job_id, SHOP),
            )
            attempt = await claim(connection, job_id, "a run")
            assert attempt is not None
            assert await claim(connection, job_id, "another run") is None
            await steps(connection, attempt)
            row = await connection.fetchrow(
                "select status, attempt_token is not null from service.export_jobs where job_id = $1", job_id
            )
            return row[0], row[1]
        finally:
            await connection.execute("delete from service.export_jobs where job_id = $1", job_id)
            await connection.close()

    return asyncio.run(run())


def test_an_end_whose_answer_was_lost_is_told_again(built: Stack) -> None:
    async def steps(connection: asyncpg.Connection, attempt: Attempt) -> None:
        await make_ready(connection, attempt, FILE)
        await make_ready(connection, attempt, FILE)

    assert with_attempt(built, steps) == ("ready", False)


def test_an_attempt_that_was_given_up_can_change_nothing(built: Stack) -> None:
    async def steps(connection: asyncpg.Connection, attempt: Attempt) -> None:
        await give_back(connection, attempt.job_id, attempt.token)
        with pytest.raises(LostAttempt):
            await renew(connection, attempt, 50)
        with pytest.raises(LostAttempt):
            await make_ready(connection, attempt, FILE)

    assert with_attempt(built, steps) == ("queued", True)


def test_a_job_waits_until_the_attempt_before_is_cleaned_up_after(built: Stack) -> None:
    async def steps(connection: asyncpg.Connection, attempt: Attempt) -> None:
        await give_back(connection, attempt.job_id, attempt.token)
        assert await claim(connection, attempt.job_id, "another run") is None
        await mark_clean(connection, attempt.job_id, attempt.token)
        assert await claim(connection, attempt.job_id, "another run") is not None
        await mark_clean(connection, attempt.job_id, attempt.token)  # late, of the attempt before

    assert with_attempt(built, steps) == ("running", True)


def test_a_running_job_is_not_marked_clean_and_so_never_lost(built: Stack) -> None:
    async def steps(connection: asyncpg.Connection, attempt: Attempt) -> None:
        await mark_clean(connection, attempt.job_id, attempt.token)

    assert with_attempt(built, steps) == ("running", True)


def test_an_end_is_final(built: Stack) -> None:
    async def steps(connection: asyncpg.Connection, attempt: Attempt) -> None:
        await fail(connection, attempt.job_id, attempt.token, "no")
        with pytest.raises(LostAttempt):
            await make_ready(connection, attempt, FILE)
        await give_back(connection, attempt.job_id, attempt.token)
        await mark_clean(connection, attempt.job_id, attempt.token)
        assert await claim(connection, attempt.job_id, "another run") is None

    assert with_attempt(built, steps) == ("failed", False)
