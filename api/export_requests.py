"""Asking for an export: its job is written once, and its run launched (spec: api.md, Exports)."""

from uuid import UUID

from api.database import as_tenant, read
from api.exports.crash_points import crash_point
from api.exports.jobs import ExportJob, NewExport, create_job, find_repeated
from api.exports.request import ExportRequest, file_name, frozen_parameters
from api.reports.answer import resolve_published
from api.reports.query import ReportQuery
from api.servers import Connection
from api.services import Services


async def ask_for_export(
    services: Services, shop_id: UUID, asked: ExportRequest, idempotency_key: str | None
) -> ExportJob:
    """Return the job that makes the export: a new one, or the one that was asked for with the same key.

    Raises:
        NotBuilt, Invalid, Lagging: as `resolve_published` does.
        Unavailable: the replica cannot tell whether it can be answered, or the primary cannot take the job.
    """
    report = asked.report.report.name
    if idempotency_key is not None and not asked.report.problems:
        known = (shop_id, idempotency_key, report, asked.as_json)
        repeated = await as_tenant(services.primary, shop_id, lambda tenant: find_repeated(tenant, *known))
        if repeated is not None:
            return repeated

    async def resolve(connection: Connection) -> ReportQuery:
        return (await resolve_published(connection, asked.report, shop_id))[1]

    query = await read(services.replica, resolve)
    new = NewExport(
        report=report,
        request=asked.as_json,
        parameters=frozen_parameters(asked, query),
        file_format=asked.file_format,
        file_name=file_name(report, query, asked.file_format),
        idempotency_key=idempotency_key,
    )
    job, is_new = await as_tenant(services.primary, shop_id, lambda tenant: create_job(tenant, shop_id, new))
    crash_point("job written")
    if is_new:
        services.launcher.start(job)
    return job
