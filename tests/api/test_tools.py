"""Every action is an MCP tool, tried with the official client; the guide and the index need no key."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import httpx2
import pytest
from conftest import REPORTS, Stack
from data.golden import DOMAIN
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

BASE = REPORTS.removesuffix("/preorders/reports")
WINDOW = {"from": "2026-01-01", "to": "2026-03-31"}
_Answer = TypeVar("_Answer")


def with_client(stack: Stack, headers: dict[str, str], work: Callable[[Client], Awaitable[_Answer]]) -> _Answer:
    async def run() -> _Answer:
        async with httpx2.AsyncClient(headers=headers) as http:
            transport = streamable_http_client(f"{stack.environment['PREORDERS_API_URL']}{BASE}/mcp", http_client=http)
            async with Client(transport) as client:
                return await work(client)

    return asyncio.run(run())


def call(stack: Stack, tool: str, arguments: dict[str, Any]) -> Any:
    return with_client(stack, {"X-Auth-Token": stack.keys[DOMAIN]}, lambda client: client.call_tool(tool, arguments))


def test_the_tools_are_the_actions_of_help(built: Stack, golden: httpx.Client) -> None:
    key = built.keys[DOMAIN]
    actions = golden.get(built.environment["PREORDERS_API_URL"] + BASE + "/help").json()["actions"]
    for headers in ({"X-Auth-Token": key}, {"Authorization": f"Bearer {key}"}):
        tools = with_client(built, headers, lambda client: client.list_tools()).tools
        assert [tool.name for tool in tools] == [action["name"] for action in actions]
    schemas = {tool.name: tool.input_schema for tool in tools}
    for action in actions:
        in_path = set(action.get("path_params", ()))
        assert schemas[action["name"]]["properties"].keys() == action["request_schema"]["properties"].keys() | in_path
    assert schemas["preorders_reports_export_status"]["required"] == ["job_id"]


def test_a_tool_answers_as_its_action_does(built: Stack, golden: httpx.Client) -> None:
    offers = [row["offer_id"] for row in golden.get("/by_offer", params=WINDOW).json()["offers"]]
    arguments = {
        **WINDOW,
        "granularity": "month",
        "offer_ids": offers,
        "include_deposits": False,
        "product_id": 900_001,
    }
    asked = {**arguments, "offer_ids": ",".join(offers), "include_deposits": "false"}
    expected = golden.get("/revenue", params=asked).raise_for_status().json()
    result = call(built, "preorders_reports_revenue", arguments)
    assert not result.is_error
    for changing in (expected, result.structured_content):
        changing.pop("freshness")
    assert result.structured_content == expected


@pytest.mark.parametrize(
    ("tool", "arguments", "problem"),
    [
        ("preorders_reports_revenue", {"from": "2026-01-01"}, "to must be given together with from"),
        ("preorders_reports_revenue", {"offer_ids": []}, "offer_ids must be a UUID"),
        ("preorders_reports_revenue", {"include_deposits": "false"}, "include_deposits must be true or false"),
        ("preorders_reports_customers", {"page": "1"}, "page must be an integer"),
        ("preorders_reports_by_date", {"metrics": "orders,units"}, "metrics must be among"),
        ("preorders_reports_revenue", {"nope": 1}, "nope is not a parameter of revenue"),
        ("preorders_reports_customers_export", {"granularity": "day"}, "granularity is not a parameter of customers"),
        ("preorders_reports_export_status", {}, "job_id must be given"),
        ("preorders_reports_export_status", {"job_id": "../summary"}, "job_id must be given, as letters, digits and _"),
        ("preorders_reports_export_status", {"job_id": "exp_0000000000000000"}, "job_id is not one of this shop's"),
    ],
)  # fmt: skip
def test_problems_are_told_as_errors_of_the_tool(
    built: Stack, golden: httpx.Client, tool: str, arguments: dict[str, Any], problem: str
) -> None:
    result = call(built, tool, arguments)
    assert result.is_error
    assert result.structured_content["errors"][0].startswith(problem)


def test_a_write_is_a_write(built: Stack, golden: httpx.Client) -> None:
    result = call(built, "preorders_reports_summary_export", WINDOW)
    job_id = result.structured_content["job_id"]
    assert call(built, "preorders_reports_export_status", {"job_id": job_id}).structured_content["job_id"] == job_id
    assert golden.get(f"/exports/{job_id}").status_code == 200


def test_a_tool_that_is_not_there_is_an_error_of_the_protocol(built: Stack, golden: httpx.Client) -> None:
    async def work(client: Client) -> None:
        with pytest.raises(MCPError, match="there is no tool nope"):
            await client.call_tool("nope", {})

    with_client(built, {"X-Auth-Token": built.keys[DOMAIN]}, work)


def test_the_endpoint_needs_a_key_and_costs_points(built: Stack, golden: httpx.Client) -> None:
    url = built.environment["PREORDERS_API_URL"] + BASE + "/mcp"
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    accept = {"Accept": "application/json, text/event-stream"}
    for headers in ({}, {"Authorization": "Bearer nope"}, {"Authorization": built.keys[DOMAIN]}):
        answer = httpx.post(url, json=ping, headers=headers | accept)
        assert (answer.status_code, answer.json()) == (401, {"errors": ["X-Auth-Token must be a valid API key"]})
    summary = built.environment["PREORDERS_API_URL"] + REPORTS + "/summary"
    assert httpx.get(summary, headers={"Authorization": f"Bearer {built.keys[DOMAIN]}"}).status_code == 401

    key = built.key("shop-1.example", "--rate-limit", "4")
    with httpx.Client(headers={"X-Auth-Token": key} | accept) as client:
        assert client.post(url, json=ping).headers["x-ratelimit-remaining"] == "3"
        read = {"name": "preorders_reports_summary", "arguments": {}}
        called = client.post(url, json={"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": read})
        assert "structuredContent" in called.json()["result"]
        assert client.post(url, json=ping).headers["x-ratelimit-remaining"] == "0"
        assert client.post(url, json=ping).status_code == 429
    built.key("shop-1.example", "--rate-limit", "1000000")
    assert golden.get(url).status_code == 404


def test_the_guide_and_the_index_are_public_and_name_every_action(built: Stack, golden: httpx.Client) -> None:
    host = built.environment["PREORDERS_API_URL"]
    guide = httpx.get(f"{host}{BASE}/preorders/skill.md")
    assert guide.status_code == 200
    assert guide.headers["content-type"].startswith("text/markdown")
    assert "x-ratelimit-limit" not in guide.headers
    for action in golden.get(f"{host}{BASE}/help").json()["actions"]:
        assert f"| {action['name']} | `{action['method']} {action['path']}` |" in guide.text
    index = httpx.get(f"{host}/llms.txt")
    assert index.status_code == 200
    for address in ("/openapi.json", "/docs", f"{BASE}/preorders/skill.md"):
        assert f"({address})" in index.text
        assert httpx.get(host + address).status_code == 200
