"""Observes every request: an id that joins what is logged about it, one line, counts, and a span if traces are on."""

import logging
import re
import time
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from opentelemetry import trace

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

    from api.services import Services

REQUEST_ID_HEADER = "x-request-id"
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NO_ROUTE = "none"
_logger = logging.getLogger(__name__)
_tracer = trace.get_tracer("preorders.api")


class Observation:
    """An ASGI application around all others."""

    def __init__(self, application: "ASGIApp", services: "Services") -> None:
        self._application, self._services = application, services

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Let the request be answered, then tell of it."""
        if scope["type"] != ScopeType.HTTP:
            await self._application(scope, receive, send)
            return
        began, status = time.perf_counter(), 0
        request_id = _request_id(Headers.from_scope(scope).get(REQUEST_ID_HEADER))
        structlog.contextvars.bind_contextvars(request_id=request_id)

        async def send_with_id(message: "Message") -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableScopeHeaders(message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        with _tracer.start_as_current_span("request", attributes={"preorders.request_id": request_id}) as span:
            try:
                await self._application(scope, receive, send_with_id)
            finally:
                route = scope.get("path_template") or _NO_ROUTE
                seconds = time.perf_counter() - began
                self._services.metrics.note_request(scope["method"], route, status, seconds)
                caller = scope.get("state", {}).get("caller")
                told = {
                    "method": scope["method"],
                    "route": route,
                    "status": status,
                    "milliseconds": round(seconds * 1000, 3),
                    "shop_id": None if caller is None else str(caller.shop_id),
                }
                _logger.info("answered", extra=told)
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.response.status_code", status)
                structlog.contextvars.clear_contextvars()


def _request_id(given: str | None) -> str:
    """Return the caller's id if it is fit for a log, else a new one."""
    return given if given is not None and _ID.fullmatch(given) else uuid4().hex
