"""The op and the job that write an export: claim its job, write the file, and make the job ready or say why not."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import asyncpg
import dagster as dg

from api.exports.attempts import (
    LEASE_SECONDS,
    Attempt,
    LostAttempt,
    WrittenFile,
    claim,
    fail,
    give_back,
    is_ready,
    make_ready,
    mark_clean,
    renew,
)
from api.exports.crash_points import crash_point
from api.exports.launch import EXPORT_JOB, EXPORT_OP
from api.exports.object_store import export_bucket, s3_client
from api.reports.contract import Invalid
from api.reports.missing_rates import MissingRate
from api.reports.published import Lagging, NotBuilt
from orchestration.exports.databases import job_records
from orchestration.exports.export_file import write_file
from orchestration.exports.leftovers import StoreFailed
from orchestration.exports.object_store import bucket_asset
from orchestration.exports.object_writer import ObjectWriter

Done = TypeVar("Done")

_RENEW_EVERY_SECONDS = 2
_CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "csv.gz": "application/gzip"}
# What no further attempt would mend, so the person is told. The store was tried three times.
_FINAL = (NotBuilt, Invalid, MissingRate, Lagging, StoreFailed)
_PASSING = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


class ExportConfig(dg.Config):
    """Which job to work on.

    Attributes:
        job_id: of `service.export_jobs`. Everything else is in its row, and nothing of it in Dagster.
    """

    job_id: str


@dg.op(name=EXPORT_OP, out=dg.Out(dg.Nothing), tags={"kind": "s3"})
def write_export(context: dg.OpExecutionContext, config: ExportConfig) -> None:
    """Stream one report from the replica into the object store, if the job still waits for it."""
    asyncio.run(_ExportRun(context, config.job_id).run())


@dg.job(
    name=EXPORT_JOB,
    executor_def=dg.in_process_executor,
    description="Write one export: claim its job, stream the report from the replica to S3, make the job ready.",
)
def export_report() -> None:
    """One op: rows never pass between ops, and so never lie in Dagster's storage."""
    write_export()


class _ExportRun:
    """One run's work on its job."""

    def __init__(self, context: dg.OpExecutionContext, job_id: str) -> None:
        self._context, self._job_id = context, job_id
        self._progress = self._rows = 0

    async def run(self) -> None:
        """Do the work, and leave the job in a state that is true whatever happened.

        Raises:
            dg.Failure: the export could not be made; the job is failed, or waits for another run.
        """
        started = time.monotonic()
        async with job_records() as records:
            attempt = await claim(records, self._job_id, self._context.run_id)
            if attempt is None:
                self._context.log.info(f"{self._job_id} waits for no run: it has ended, or another run has it")
                return
            crash_point("claimed")
            content_type = _CONTENT_TYPES[attempt.file_format]
            writer = ObjectWriter(s3_client(), export_bucket(), attempt.object_key, content_type)
            try:
                file = await self._while_held(records, attempt, write_file(attempt, writer, self._tell))
                crash_point("before ready")
                await self._retried(make_ready, records, attempt, file)
                crash_point("after ready")
            except BaseException as error:
                await self._end(records, attempt, writer, error)
                if isinstance(error, LostAttempt):
                    return
                if isinstance(error, (*_FINAL, *_PASSING)):
                    raise dg.Failure(f"{attempt.report} of shop {attempt.shop_id}: {error}") from error
                raise
        self._tell_of(attempt, file, time.monotonic() - started)

    async def _while_held(
        self, records: asyncpg.Pool, attempt: Attempt, work: Coroutine[Any, Any, WrittenFile]
    ) -> WrittenFile:
        """Do the work and keep the lease meanwhile; stop as soon as the job is no longer this attempt's."""
        writing, holding = asyncio.create_task(work), asyncio.create_task(self._hold(records, attempt))
        try:
            await asyncio.wait([writing, holding], return_when=asyncio.FIRST_COMPLETED)
            if not writing.done():
                await holding  # raises
            return await writing
        finally:
            writing.cancel()
            holding.cancel()
            await asyncio.gather(writing, holding, return_exceptions=True)

    async def _hold(self, records: asyncpg.Pool, attempt: Attempt) -> None:
        told, held_at = 0, time.monotonic()
        while True:
            await asyncio.sleep(_RENEW_EVERY_SECONDS)
            try:
                await renew(records, attempt, self._progress)
                held_at = time.monotonic()
            except _PASSING as error:
                if time.monotonic() - held_at > LEASE_SECONDS:
                    raise LostAttempt from error
            if self._rows > told:
                told = self._rows
                self._context.log.info(f"{self._rows:,} rows, about {self._progress} %")

    async def _retried(self, work: Callable[..., Coroutine[Any, Any, Done]], *arguments: Any) -> Done:
        """Read or write a job's end; the primary may be away for a moment, and the lease holds a little longer."""
        deadline = time.monotonic() + LEASE_SECONDS
        while True:
            try:
                return await work(*arguments)
            except _PASSING:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(1)

    async def _end(self, records: asyncpg.Pool, attempt: Attempt, writer: ObjectWriter, error: BaseException) -> None:
        """Take away what was written, then let the job fail or wait for another run."""
        if await self._retried(is_ready, records, attempt):  # interrupted after the end: the file is the job's
            return
        job = (records, attempt.job_id, attempt.token)
        is_stopped = isinstance(error, (asyncio.CancelledError, KeyboardInterrupt)) and self._is_being_terminated()
        if is_stopped:
            await self._retried(fail, *job, "the export was stopped by its operator; ask for it again")
        elif isinstance(error, StoreFailed):
            await self._retried(fail, *job, "the file could not be stored; try again later")
        elif isinstance(error, Invalid):
            await self._retried(fail, *job, "; ".join(error.problems))
        elif isinstance(error, _FINAL):
            await self._retried(fail, *job, str(error))
        elif not isinstance(error, LostAttempt):
            await self._retried(give_back, *job)
        try:
            await writer.discard()
        except StoreFailed as failure:
            self._context.log.warning(f"something may be left in the store, for the keeper to remove: {failure}")
            return
        await self._retried(mark_clean, *job)

    def _is_being_terminated(self) -> bool:
        run = self._context.instance.get_run_by_id(self._context.run_id)
        return run is not None and run.status == dg.DagsterRunStatus.CANCELING

    def _tell(self, rows: int, progress: int) -> None:
        self._rows, self._progress = rows, progress

    def _tell_of(self, attempt: Attempt, file: WrittenFile, seconds: float) -> None:
        metadata: dict[str, str | int | float] = {
            "report": attempt.report,
            "shop": str(attempt.shop_id),
            "build_id": file.build_id,
            "rows": file.row_count,
            "bytes": file.size_bytes,
            "seconds": round(seconds, 3),
        }
        # of the asset, whose page plots them over all exports
        self._context.log_event(dg.AssetMaterialization(bucket_asset.key, metadata=metadata))
