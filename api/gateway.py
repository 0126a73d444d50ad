"""The gate before the application: no call below the base path gets past without a key and points to spend.

It stands outside the router, so that unknown paths and verbs pass it too, and nothing can be routed around it.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.exceptions import MethodNotAllowedException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.serialization import encode_json

from api.authentication import Unauthenticated, keys_given
from api.errors import answer_error
from api.paths import MCP_PATH, needs_key
from api.rate_limit import READ_COST, WRITE_COST, Allowance

if TYPE_CHECKING:
    from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

    from api.authentication import Caller
    from api.services import Services

LARGEST_BODY = 64 * 1024
_SLASHES = re.compile("/{2,}")
_READS = {"GET", "HEAD", "OPTIONS"}
_VERBS = {"GET", "POST"}


class TooManyRefusals(Exception):
    """An address has tried too many keys that are none."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__()
        self.allowance = allowance


class Gateway:
    """An ASGI application around the router."""

    def __init__(self, application: "ASGIApp", services: "Services") -> None:
        self._application, self._services = application, services

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Let a call through with its caller in the scope's state, or answer it here."""
        if scope["type"] != ScopeType.HTTP:
            await self._application(scope, receive, send)
            return
        # The router folds slashes; a path must mean the same to it and to this gate.
        scope["path"] = _SLASHES.sub("/", scope["path"])
        if not needs_key(scope["path"]):
            await self._application(scope, receive, send)
            return
        headers = Headers.from_scope(scope)
        is_mcp = scope["path"].rstrip("/") == MCP_PATH
        try:
            caller = await self._caller(keys_given(scope["headers"], may_be_bearer=is_mcp), scope)
            # a tool's call passes here once more, as what it is
            cost = READ_COST if is_mcp or scope["method"] in _READS else WRITE_COST
            allowance = await self._services.rate_limiter.spend(caller, cost)
        except TooManyRefusals as refusal:
            await _limit(refusal.allowance, "calls without a valid key from one address", send)
            return
        except Exception as error:  # answered in the one shape, whatever it is
            await _refuse(error, scope, send)
            return
        if not allowance.allowed:
            await _limit(allowance, "points", send, allowance.headers)
            return

        async def send_with_headers(message: "Message") -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders(message)
                for name, value in allowance.headers.items():
                    headers[name] = value
            await send(message)

        if scope["method"] not in _VERBS:  # the router would answer OPTIONS by itself
            await _refuse(MethodNotAllowedException(), scope, send_with_headers)
            return
        if int(headers.get("content-length", 0)) > LARGEST_BODY:  # the router looks at bodies that are read
            await _refuse(RequestEntityTooLarge(), scope, send_with_headers)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._application(scope, receive, send_with_headers)

    async def _caller(self, keys: list[str], scope: "HTTPScope") -> "Caller":
        authenticator = self._services.authenticator
        known = authenticator.known_caller(keys)
        if known is not None:
            return known
        address = scope["client"][0] if scope["client"] else ""
        allowance = await self._services.rate_limiter.allow_guess(address)
        # others behind the same address must not lock a valid key out
        if not allowance.allowed and not await authenticator.is_listed(keys):
            raise TooManyRefusals(allowance)
        try:
            return await authenticator.caller(keys)
        except Unauthenticated:
            await self._services.rate_limiter.note_refusal(address)
            raise


async def _refuse(error: Exception, scope: "HTTPScope", send: "Send") -> None:
    answer = answer_error(error, scope["method"], scope["path"])
    await _send_json(answer.status, answer.body, answer.headers, send)


async def _limit(allowance: Allowance, what: str, send: "Send", headers: Mapping[str, str] | None = None) -> None:
    seconds = allowance.retry_after
    body = {
        "error": "Rate limit exceeded",
        "retry_after": seconds,
        "message": f"The limit is {allowance.limit} {what} a minute; try again in {seconds} seconds.",
    }
    await _send_json(429, body, {**(headers or {}), "Retry-After": str(seconds)}, send)


async def _send_json(status: int, body: object, headers: dict[str, str], send: "Send") -> None:
    content = encode_json(body)
    fields = {"content-type": "application/json", "content-length": str(len(content)), **headers}
    raw_headers = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw_headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})
