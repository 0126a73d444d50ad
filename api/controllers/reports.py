"""The nine reads, their catalog, and what their metrics mean."""

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from api.actions import catalog
from api.authentication import needs_scope
from api.database import Connection, read, snapshot
from api.paths import BASE_PATH, REPORTS_PATH
from api.reports.answer import answer, read_metrics
from api.reports.contract import check, checked_query, decode_query
from api.reports.definitions import definitions
from api.reports.registry import REPORTS
from api.reports.report import Report
from api.services import Services

# a fraction is a number, with the digits that SQL gave it
_ENCODER = msgspec.json.Encoder(decimal_format="number")


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
        checked = check(report, *decode_query(report.parameters, request.scope["query_string"]))

        async def work(connection: Connection) -> dict[str, Any]:
            async with snapshot(connection, shop_id) as tenant:
                return await answer(tenant, checked, shop_id)

        body = await read(services.replica, work)
        return Response(_ENCODER.encode(body), media_type=MediaType.JSON)

    return read_report
