"""The reads, their catalog, and what their metrics mean."""

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from api.actions import catalog
from api.authentication import needs_scope
from api.database import read
from api.paths import BASE_PATH, REPORTS_PATH
from api.reports.contract import checked_query
from api.reports.definitions import definitions
from api.reports.published import read_metrics
from api.reports.registry import REPORTS
from api.reports.report import Report
from api.services import Services

# A client may keep the answer, and asks each time whether it still is the answer; a key's is nobody else's.
_CACHING = {"Cache-Control": "private, no-cache", "Vary": "X-Auth-Token"}


@get(f"{BASE_PATH}{REPORTS_PATH}", sync_to_thread=False)
def read_catalog(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Answer with the catalog of the reports."""
    checked_query("the catalog", (), request.scope["query_string"])
    return catalog()


@get(f"{BASE_PATH}{REPORTS_PATH}/definitions")
async def read_definitions(request: Request[Any, Any, Any], state: State) -> dict[str, Any]:
    """Answer with what each metric means."""
    checked_query("the definitions", (), request.scope["query_string"])
    return {"metrics": definitions(await read(state.services.replica, read_metrics))}


def report_handlers() -> list[HTTPRouteHandler]:
    """Return a handler for each report of the registry."""
    return [_read_report(report) for report in REPORTS.values()]


def _read_report(report: Report) -> HTTPRouteHandler:
    @get(f"{BASE_PATH}{REPORTS_PATH}/{report.name}", name=report.name, guards=[needs_scope("read")])
    async def read_report(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
        services: Services = state.services
        shop_id = request.scope["state"]["caller"].shop_id
        told = await services.answers.tell(shop_id, report, request.scope["query_string"])
        headers = {"ETag": told.etag, **_CACHING}
        if _has_tag(request, told.etag):
            return Response(b"", status_code=304, headers=headers, media_type=MediaType.JSON)
        return Response(told.body, headers=headers, media_type=MediaType.JSON)

    return read_report


def _has_tag(request: Request[Any, Any, Any], etag: str) -> bool:
    """Whether the client has this body already; weak tags are enough for that (RFC 9110, 13.1.2)."""
    tags = ",".join(request.headers.getall("if-none-match", [])).split(",")
    return any(tag.strip() in (etag, etag.removeprefix("W/"), "*") for tag in tags)
