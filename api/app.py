"""The application: routes, one error shape, and the gate before them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, asgi
from litestar.datastructures import State
from litestar.types import ASGIApp

from api.controllers.discovery import help_handlers
from api.controllers.documentation import assets, guide, index, openapi_document, openapi_page
from api.controllers.exports import export_handlers
from api.controllers.health import live, metrics, ready
from api.controllers.reports import read_catalog, read_definitions, report_handlers
from api.errors import handle_error
from api.gateway import LARGEST_BODY, Gateway
from api.observation import Observation
from api.paths import MCP_PATH
from api.services import Services
from api.settings import Settings
from api.tools import ToolServer


def create_app(settings: Settings | None = None) -> ASGIApp:
    """Return the ASGI application.

    Args:
        settings: of the environment, unless given.

    Raises:
        RuntimeError: a setting is missing.
    """
    services = Services(settings or Settings.from_environment())
    tools = ToolServer(services)

    @asynccontextmanager
    async def lifespan(application: Litestar) -> AsyncIterator[None]:
        async with services.run(), tools.run():
            yield

    application = Litestar(
        [
            *(read_catalog, read_definitions, *report_handlers(), *export_handlers(), *help_handlers()),
            *(live, ready, metrics, openapi_document, openapi_page, assets(), guide, index),
            asgi(MCP_PATH)(tools.answer),
        ],
        exception_handlers={Exception: handle_error},
        lifespan=[lifespan],
        logging_config=None,  # the server's, see api/logs.py
        openapi_config=None,  # made from the registry instead
        request_max_body_size=LARGEST_BODY,
        state=State({"services": services}),
    )
    tools.api = Gateway(application, services)
    return Observation(tools.api, services)
