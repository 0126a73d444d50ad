"""The file of an export: one snapshot of one build on the replica, streamed by COPY into the object store."""

import json
from collections.abc import Callable
from typing import Any

import asyncpg

from api.exports.attempts import Attempt, WrittenFile
from api.exports.crash_points import crash_point
from api.reports.answer import refuse_missing_rates, resolve_published
from api.reports.contract import check
from api.reports.registry import REPORTS
from api.reports.scope import Statement
from orchestration.exports.csv_bytes import CsvBytes
from orchestration.exports.databases import reports_connection
from orchestration.exports.object_writer import PART_BYTES, ObjectWriter

# Until the store has confirmed the file and the job is ready, it is not at 100.
_MOST_UNFINISHED = 99


async def write_file(attempt: Attempt, writer: ObjectWriter, tell: Callable[[int, int], None]) -> WrittenFile:
    """Write the report's rows, and return what the store confirmed.

    Args:
        attempt: what to export.
        writer: the object to write.
        tell: called with the number of rows so far and the progress in percent.

    Raises:
        NotBuilt, Invalid, MissingRate, Lagging: the report cannot be answered.
        StoreFailed: the file could not be stored.
        asyncpg.PostgresError, asyncpg.InterfaceError, OSError: the replica was lost, or recovery was in the way.
    """
    async with reports_connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("select set_config('preorders.shop_id', $1, true)", str(attempt.shop_id))
        return await _copy(connection, attempt, writer, tell)


async def _copy(
    connection: asyncpg.Connection, attempt: Attempt, writer: ObjectWriter, tell: Callable[[int, int], None]
) -> WrittenFile:
    report = REPORTS[attempt.report]
    request = check(report, attempt.parameters)
    published, query = await resolve_published(connection, request, attempt.shop_id)
    await refuse_missing_rates(connection, request, query)
    statement = Statement.of(report.exported_block.statement(query.shape, as_csv=True))
    values = statement.values(query)
    expected = await _expected_rows(connection, statement.text, values)
    csv = CsvBytes(compressed=attempt.file_format.endswith(".gz"))

    async def take(chunk: bytes) -> None:
        await writer.write(csv.feed(chunk))
        rows = max(csv.lines - 1, 0)
        tell(rows, min(100 * rows // expected, _MOST_UNFINISHED))
        if csv.size_bytes > PART_BYTES:
            crash_point("after a part")

    tag = await connection.copy_from_query(statement.text, *values, output=take, format="csv", header=True)
    await writer.write(csv.finish())
    rows = int(tag.rpartition(" ")[2])
    if rows != csv.lines - 1:
        raise RuntimeError(f"{csv.lines - 1} rows arrived, and the server sent {rows}")
    crash_point("copied")
    await writer.finish()
    crash_point("completed")
    return WrittenFile(published.build.build_id, rows, csv.size_bytes, csv.sha256)


async def _expected_rows(connection: asyncpg.Connection, statement: str, values: list[Any]) -> int:
    """Return the planner's guess, for the progress alone: counting would take as long as the export."""
    plan = await connection.fetchval(f"explain (format json) {statement}", *values)
    return max(int(json.loads(plan)[0]["Plan"]["Plan Rows"]), 1)
