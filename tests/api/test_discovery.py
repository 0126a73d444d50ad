"""The catalog, `/help` at every level, OpenAPI and health tell what is there (spec: api.md, Discovery)."""

from typing import Any

import httpx
import pytest
from conftest import Stack

from api.reports.definitions import definitions
from api.reports.registry import REPORTS
from local.metric_pages import defined_metrics

BASE = "/api/v2/external"


def get(stack: Stack, client: httpx.Client, path: str) -> dict[str, Any]:
    response = client.get(stack.environment["PREORDERS_API_URL"] + path)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def test_the_catalog_lists_nine_reports_with_urls_that_work(built: Stack, golden: httpx.Client) -> None:
    reports = get(built, golden, f"{BASE}/preorders/reports")["reports"]
    assert [report["name"] for report in reports] == list(REPORTS)
    assert len(reports) == 9
    for report in reports:
        assert report.keys() == {"name", "description", "aliases", "url"}
        if report["name"] != "by_variant":
            get(built, golden, report["url"])


def test_the_definitions_are_those_of_the_dbt_project(built: Stack, golden: httpx.Client) -> None:
    body = get(built, golden, f"{BASE}/preorders/reports/definitions")
    assert body == {"metrics": definitions(defined_metrics())}
    rate = body["metrics"][-1]
    assert rate["metric"] == "collection_rate"
    assert rate["formula"] == "balances_collected_count / (balances_collected_count + balances_failed)"
    assert rate["adds_over"] == []
    assert "balance_collection" in rate["reports"] and "revenue" not in rate["reports"]
    assert "rollup_offer_variants_monthly" in rate["models"]
    document = get(built, built.anonymous(), "/openapi.json")
    operation = document["paths"][f"{BASE}/preorders/reports/definitions"]["get"]
    declared = operation["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["metrics"]["items"]
    assert list(declared["properties"]) == list(rate)
    assert built.anonymous().get("/definitions").status_code == 401


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/help", 23),
        ("/preorders/help", 23),
        ("/preorders/reports/help", 23),
        ("/help?prefix=/preorders/reports", 23),
        ("/preorders/reports/revenue/help", 2),
        ("/preorders/reports/exports/help", 3),
        ("/preorders/reports/exports/:job_id/help", 2),
        ("/preorders/help?prefix=/preorders/reports/revenue", 2),
        ("/help?prefix=/nope", 0),
    ],
)
def test_help_at_every_level(built: Stack, golden: httpx.Client, path: str, count: int) -> None:
    body = get(built, golden, BASE + path)
    assert (body["version"], body["base_path"]) == ("v2", BASE)
    assert len(body["actions"]) == count
    for action in body["actions"]:
        assert {"name", "method", "path", "description", "aliases", "request_schema"} <= action.keys()


@pytest.mark.parametrize("report", REPORTS.values(), ids=lambda report: report.name)
def test_help_and_openapi_name_every_parameter(built: Stack, golden: httpx.Client, report: Any) -> None:
    names = {parameter.name for parameter in report.parameters}
    [read, export] = get(built, golden, f"{BASE}/preorders/reports/{report.name}/help")["actions"]
    assert read["request_schema"]["properties"].keys() == names
    assert export["request_schema"]["properties"].keys() == {*names, "format"}
    paths = get(built, built.anonymous(), "/openapi.json")["paths"]
    operation = paths[f"{BASE}/preorders/reports/{report.name}"]["get"]
    assert {parameter["name"] for parameter in operation["parameters"]} == names
    operation = paths[f"{BASE}/preorders/reports/{report.name}/export"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert body == export["request_schema"]


def test_answers_have_the_columns_that_openapi_declares(built: Stack, golden: httpx.Client) -> None:
    document = get(built, built.anonymous(), "/openapi.json")
    offers = get(built, golden, f"{BASE}/preorders/reports/by_offer?from=2026-01-01&to=2026-03-31")["offers"]
    for report in REPORTS.values():
        offer = f"&offer_id={offers[0]['offer_id']}" if report.needs_offers else ""
        body = get(built, golden, f"{BASE}/preorders/reports/{report.name}?from=2026-01-01&to=2026-03-31{offer}")
        content = document["paths"][f"{BASE}/preorders/reports/{report.name}"]["get"]["responses"]["200"]["content"]
        schema = content["application/json"]["schema"]
        assert body.keys() == schema["properties"].keys() - {"incomplete"}, report.name
        for block in report.blocks:
            declared = schema["properties"][block.key]
            columns = list((declared["items"] if block.has_rows else declared)["properties"])
            rows = body[block.key] if block.has_rows else [body[block.key]]
            assert rows, f"{report.name}.{block.key} has no rows to look at"
            assert all(list(row) == columns for row in rows), f"{report.name}.{block.key}"


def test_the_openapi_page_needs_no_other_host(built: Stack) -> None:
    host = built.environment["PREORDERS_API_URL"]
    page = httpx.get(f"{host}/docs")
    assert page.status_code == 200
    assert "https://" not in page.text.replace("https://json-schema.org", "")
    assert httpx.get(f"{host}/docs/assets/swagger-ui-bundle.js").status_code == 200


def test_health(built: Stack) -> None:
    host = built.environment["PREORDERS_API_URL"]
    assert httpx.get(f"{host}/health/live").status_code == 200
    assert httpx.get(f"{host}/health/ready").status_code == 200
