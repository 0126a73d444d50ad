"""The MCP endpoint: every action as a tool (spec: api.md, Discovery).

A tool's call is answered by the action itself, called as a client would call it, with the same key: its contract,
scopes, rate limit and errors are the action's own.
"""

import re
from collections.abc import Mapping
from typing import Any

import httpx
import mcp_types as types
from litestar.exceptions import MethodNotAllowedException
from litestar.serialization import encode_json
from litestar.types import ASGIApp, Receive, Scope, Send
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError

from api.actions import Action, actions
from api.authentication import KEY_HEADER, keys_given
from api.gateway import LARGEST_BODY
from api.paths import BASE_PATH
from api.published_metrics import published_metrics
from api.services import Services

_INSTRUCTIONS = (
    "Reports on a merchant's preorders, for the shop that the key belongs to. Read a report directly, or export it as a"
    " file and poll preorders_reports_export_status until it is ready. preorders_reports_definitions says what metrics"
    " mean."
)


class ToolServer:
    """Answers MCP over HTTP, each request by itself: there are no sessions to lose.

    Attributes:
        api: the application with its gate, which answers the tools' calls; set once it is made.
    """

    api: ASGIApp

    def __init__(self, services: Services) -> None:
        self._services = services
        server: Server[Any] = Server(
            "preorder-analytics", instructions=_INSTRUCTIONS, on_list_tools=self._list, on_call_tool=self._call
        )
        self._manager = StreamableHTTPSessionManager(
            server, json_response=True, stateless=True, max_request_body_size=LARGEST_BODY
        )
        self.run = self._manager.run

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the gate has let it through."""
        if scope["method"] != "POST":  # type: ignore[typeddict-item]
            raise MethodNotAllowedException
        await self._manager.handle_request(scope, receive, send)  # type: ignore[arg-type]

    async def _list(self, context: ServerRequestContext[Any, Any], _: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_tool(action) for action in await self._actions()])

    async def _call(
        self, context: ServerRequestContext[Any, Any], call: types.CallToolRequestParams
    ) -> types.CallToolResult:
        action = next((action for action in await self._actions() if action.name == call.name), None)
        if action is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {call.name}; tools/list names them")
        assert context.request is not None
        arguments = dict(call.arguments or {})
        in_path = {name: arguments.pop(name, None) for name in action.path_params or ()}
        if wrong := [name for name, value in in_path.items() if not re.fullmatch(r"\w+", str(value or ""))]:
            return _result({"errors": [f"{name} must be given, as letters, digits and _" for name in wrong]}, True)
        path = BASE_PATH + re.sub(r":(\w+)", lambda found: str(in_path[str(found[1])]), action.path)
        [key] = keys_given(context.request.scope["headers"], may_be_bearer=True)
        caller = context.request.client or ("", 0)
        transport = httpx.ASGITransport(self.api, client=caller)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://api", headers={KEY_HEADER: key}) as client:
            if action.method == "GET":
                response = await client.get(path, params=_query(arguments, action.request_schema["properties"]))
            else:
                response = await client.request(action.method, path, json=arguments)
        return _result(response.json(), response.is_error)

    async def _actions(self) -> list[Action]:
        return actions(await published_metrics(self._services.replica))


def _tool(action: Action) -> types.Tool:
    """Return the tool of an action: what stands in its path is one more argument, and required."""
    schema = dict(action.request_schema)
    if action.path_params:
        described = {name: {"type": "string", "description": text} for name, text in action.path_params.items()}
        schema["properties"] = described | schema["properties"]
        schema["required"] = list(described)
    return types.Tool(
        name=action.name,
        description=" ".join(filter(None, (action.description, action.notes))),
        input_schema=schema,
        annotations=types.ToolAnnotations(read_only_hint=action.method == "GET"),
    )


def _result(body: dict[str, Any], is_error: bool) -> types.CallToolResult:
    text = encode_json(body).decode()
    return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=body, is_error=is_error)


def _query(arguments: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments as a query string says them, so that the action refuses what their JSON Schema does."""
    values: dict[str, Any] = {}
    for name, value in arguments.items():
        if value == []:
            values[name] = ""
        elif isinstance(value, list):
            values[f"{name}[]"] = value
        elif isinstance(value, str) and name in properties and properties[name]["type"] != "string":
            values[name] = f'"{value}"'  # in a query "1" would be an integer
        else:
            values[name] = value
    return values
