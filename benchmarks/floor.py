"""The floor of a read: the same server, gate and router, and a handler that runs one small statement, or none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from litestar import Litestar, MediaType, Request, Response, get
from litestar.datastructures import State
from litestar.types import ASGIApp

from api.authentication import needs_scope
from api.database import read
from api.gateway import Gateway
from api.observation import Observation
from api.paths import BASE_PATH
from api.reports.published import BUILD_EXPRESSION, tenant_statement
from api.servers import Connection
from api.services import Services
from api.settings import Settings

_STATEMENT = tenant_statement([BUILD_EXPRESSION])


def create_floor() -> ASGIApp:
    """Return the application, with the settings of the environment."""
    services = Services(Settings.from_environment())

    @asynccontextmanager
    async def lifespan(application: Litestar) -> AsyncIterator[None]:
        async with services.run():
            yield

    handlers = [one_statement, static]
    application = Litestar(
        handlers, lifespan=[lifespan], logging_config=None, openapi_config=None, state=State({"services": services})
    )
    return Observation(Gateway(application, services), services)


@get(f"{BASE_PATH}/floor/{{size:int}}", guards=[needs_scope("read")])
async def one_statement(request: Request[Any, Any, Any], state: State, size: int) -> Response[bytes]:
    """Set the tenant, read the shop's build by its index, and send so many bytes."""
    values = _STATEMENT.values(request.scope["state"]["caller"])

    async def work(connection: Connection) -> None:
        await connection.fetchval(_STATEMENT.text, *values)

    await read(state.services.replica, work)
    return Response(_body(size), media_type=MediaType.JSON)


@get(f"{BASE_PATH}/static/{{size:int}}", guards=[needs_scope("read")])
async def static(size: int) -> Response[bytes]:
    """Send so many bytes."""
    return Response(_body(size), media_type=MediaType.JSON)


@cache
def _body(size: int) -> bytes:
    return b'"' + b"0" * (size - 2) + b'"'
