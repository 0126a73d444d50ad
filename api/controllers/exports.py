"""Exports: asked for, polled, listed and cancelled (spec: api.md, Exports)."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, TypeVar

from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import ClientException
from litestar.handlers import HTTPRouteHandler

from api.authentication import needs_scope
from api.database import as_tenant
from api.export_requests import ask_for_export
from api.exports.jobs import Cancelling, ExportJob, find_job, list_jobs
from api.exports.object_store import export_bucket, s3_client, sign_download
from api.exports.request import check_export, decode_body
from api.paths import BASE_PATH, EXPORTS_PATH, REPORTS_PATH
from api.reports.answer import page_meta
from api.reports.contract import Invalid, checked, checked_query
from api.reports.parameters import PAGE, PAGING, PER_PAGE
from api.reports.published import instant
from api.reports.registry import REPORTS
from api.reports.report import Report

POLL_SECONDS = 1
_GUARDS = [needs_scope("export")]
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")

Found = TypeVar("Found")


def export_handlers() -> list[HTTPRouteHandler]:
    """Return a handler for each report's export, and those of the jobs."""
    return [*map(_export_report, REPORTS.values()), list_exports, read_export, cancel_export]


def _export_report(report: Report) -> HTTPRouteHandler:
    @post(
        f"{BASE_PATH}{REPORTS_PATH}/{report.name}/export", name=f"{report.name}_export", status_code=202, guards=_GUARDS
    )
    async def export_report(request: Request[Any, Any, Any], state: State) -> Response[dict[str, str]]:
        _refuse_other_types(request)
        problems: list[str] = []
        _found(problems, checked_query, "an export's address", (), request.scope["query_string"])
        key = _found(problems, _idempotency_key, request)
        given = _found(problems, decode_body, await request.body())
        if given is None:
            raise Invalid(problems)
        asked = check_export(report, given, problems)
        job = await ask_for_export(state.services, request.scope["state"]["caller"].shop_id, asked, key)
        location = f"{BASE_PATH}{EXPORTS_PATH}/{job.job_id}"
        return Response({"job_id": job.job_id, "status_url": location}, status_code=202)

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
    problems: list[str] = []
    _found(problems, checked_query, "cancelling", (), request.scope["query_string"])
    given = _found(problems, decode_body, await request.body() or b"{}")
    _found(problems, checked, "cancelling", (), given or {})
    if problems:
        raise Invalid(problems)
    return _status(await as_tenant(state.services.primary, shop_id, Cancelling(shop_id, job_id)))


def _found(problems: list[str], look: Callable[..., Found], *arguments: Any) -> Found | None:
    """Return what a look at the request finds; None if that is no good, and why is among the problems then."""
    try:
        return look(*arguments)
    except Invalid as error:
        problems.extend(error.problems)
        return None


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
