"""Exports: asked for, polled, listed and cancelled (spec: api.md, Exports)."""

import asyncio
import re
from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import ClientException
from litestar.handlers import HTTPRouteHandler

from api.authentication import needs_scope
from api.database import as_tenant, read
from api.exports.crash_points import crash_point
from api.exports.jobs import ExportJob, NewExport, cancel_job, create_job, find_job, find_repeated, list_jobs
from api.exports.object_store import export_bucket, s3_client, sign_download
from api.exports.request import check_export, decode_body, file_name, frozen_parameters
from api.paths import BASE_PATH, EXPORTS_PATH, REPORTS_PATH
from api.reports.answer import page_meta, resolve_published
from api.reports.contract import Invalid, checked_query
from api.reports.parameters import PAGE, PAGING, PER_PAGE
from api.reports.published import instant
from api.reports.query import ReportQuery
from api.reports.registry import REPORTS
from api.reports.report import Report
from api.servers import Connection
from api.services import Services

POLL_SECONDS = 1
_GUARDS = [needs_scope("export")]
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def export_handlers() -> list[HTTPRouteHandler]:
    """Return a handler for each report's export, and those of the jobs."""
    return [*map(_export_report, REPORTS.values()), list_exports, read_export, cancel_export]


def _export_report(report: Report) -> HTTPRouteHandler:
    @post(
        f"{BASE_PATH}{REPORTS_PATH}/{report.name}/export", name=f"{report.name}_export", status_code=202, guards=_GUARDS
    )
    async def export_report(request: Request[Any, Any, Any], state: State) -> Response[dict[str, str]]:
        services: Services = state.services
        shop_id = request.scope["state"]["caller"].shop_id
        checked_query("an export's address", (), request.scope["query_string"])
        key = _idempotency_key(request)
        _refuse_other_types(request)
        asked = check_export(report, decode_body(await request.body()))
        if key is not None and not asked.report.problems:
            known = (shop_id, key, report.name, asked.as_json)
            repeated = await as_tenant(services.primary, shop_id, lambda tenant: find_repeated(tenant, *known))
            if repeated is not None:
                return _accepted(repeated)

        async def resolve(connection: Connection) -> ReportQuery:
            return (await resolve_published(connection, asked.report, shop_id))[1]

        query = await read(services.replica, resolve)
        new = NewExport(
            report=report.name,
            request=asked.as_json,
            parameters=frozen_parameters(asked, query),
            file_format=asked.file_format,
            file_name=file_name(report.name, query, asked.file_format),
            idempotency_key=key,
        )
        job, is_new = await as_tenant(services.primary, shop_id, lambda tenant: create_job(tenant, shop_id, new))
        crash_point("job written")
        if is_new:
            services.launcher.start(job)
        return _accepted(job)

    return export_report


@get(f"{BASE_PATH}{EXPORTS_PATH}", guards=_GUARDS)
async def list_exports(request: Request[Any, Any, Any], state: State) -> dict[str, Any]:
    """Answer with the shop's jobs, the newest first, paged."""
    shop_id = request.scope["state"]["caller"].shop_id
    values = checked_query("exports", PAGING, request.scope["query_string"])
    page, per_page = PAGE.among(values), PER_PAGE.among(values)
    jobs, total = await as_tenant(
        state.services.primary, shop_id, lambda tenant: list_jobs(tenant, shop_id, page, per_page)
    )
    return {"exports": [_listed(job) for job in jobs], "meta": page_meta(total, page, per_page)}


@get(f"{BASE_PATH}{EXPORTS_PATH}/{{job_id:str}}", guards=_GUARDS)
async def read_export(request: Request[Any, Any, Any], state: State, job_id: str) -> Response[dict[str, Any]]:
    """Answer with a job's state, and its file's address once it is ready."""
    checked_query("an export's state", (), request.scope["query_string"])
    shop_id = request.scope["state"]["caller"].shop_id
    job = await as_tenant(state.services.primary, shop_id, lambda tenant: find_job(tenant, shop_id, job_id))
    body = await asyncio.to_thread(_with_address, job) if job.status == "ready" else _status(job)
    headers = {"Retry-After": str(POLL_SECONDS)} if job.finished_at is None else {}
    return Response(body, headers=headers, media_type=MediaType.JSON)


@post(f"{BASE_PATH}{EXPORTS_PATH}/{{job_id:str}}/cancel", status_code=202, guards=_GUARDS)
async def cancel_export(request: Request[Any, Any, Any], state: State, job_id: str) -> dict[str, Any]:
    """End a job that has not ended."""
    shop_id = request.scope["state"]["caller"].shop_id
    job = await as_tenant(state.services.primary, shop_id, lambda tenant: cancel_job(tenant, shop_id, job_id))
    return _status(job)


def _accepted(job: ExportJob) -> Response[dict[str, str]]:
    return Response({"job_id": job.job_id, "status_url": f"{BASE_PATH}{EXPORTS_PATH}/{job.job_id}"}, status_code=202)


def _status(job: ExportJob) -> dict[str, Any]:
    is_waiting = job.status == "queued"
    body = {"job_id": job.job_id, "status": "running" if is_waiting else job.status, "progress": job.progress}
    if is_waiting:
        body["jobs_before"] = job.jobs_before
    if job.error is not None:
        body["error"] = job.error
    return body


def _with_address(job: ExportJob) -> dict[str, Any]:
    assert job.object_key is not None
    signed = sign_download(s3_client(), export_bucket(), job.object_key)
    file = {name: getattr(job, name) for name in ("file_name", "row_count", "size_bytes", "sha256")}
    return {**_status(job), "download_url": signed.url, "expires_at": instant(signed.expires_at), **file}


def _listed(job: ExportJob) -> dict[str, Any]:
    times = {"created_at": job.created_at, "finished_at": job.finished_at}
    shown = {name: value and instant(value) for name, value in times.items()}
    return {**_status(job), "report": job.report, "file_name": job.file_name, **shown}


def _idempotency_key(request: Request[Any, Any, Any]) -> str | None:
    keys = request.headers.getall("idempotency-key", [])
    if len(keys) > 1 or not all(map(_IDEMPOTENCY_KEY.fullmatch, keys)):
        raise Invalid(["Idempotency-Key must be given once, as 1 to 255 visible ASCII characters"])
    return keys[0] if keys else None


def _refuse_other_types(request: Request[Any, Any, Any]) -> None:
    if request.content_type[0] != "application/json":
        raise ClientException("Content-Type must be application/json", status_code=415)
