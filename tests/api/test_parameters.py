"""Bad input is a clear 422 that names every problem (spec: api.md, Parameters)."""

import httpx
import pytest
from conftest import Stack
from data.golden import OFFER_A, OTHER_OFFER

from api.reports.registry import REPORTS

WINDOW = "from=2026-01-01&to=2026-01-31"


def problems(client: httpx.Client, path: str) -> list[str]:
    response = client.get(path)
    assert response.status_code == 422, response.text
    assert response.json().keys() == {"errors"}
    errors: list[str] = response.json()["errors"]
    return errors


@pytest.mark.parametrize(
    ("query", "starts_with"),
    [
        ("from=2026-01-01", "to must be given together with from"),
        ("to=2026-01-01", "from must be given together with to"),
        ("from=2026-02-01&to=2026-01-01", "from must not be after to"),
        ("from=2026-02-30&to=2026-03-01", "from must be a day that exists"),
        ("from=0001-01-01&to=2026-03-01", "from must lie in the years"),
        ("from=2026-01-01&to=9999-12-31", "to must lie in the years"),
        ("from=2026-01-01T00:00:00Z&to=2026-03-01", "from must be a date"),
        ("from=20260101&to=2026-03-01", "from must be a date"),
        ("from=&to=2026-03-01", "from must be a date"),
        ("from=2026-01-01&from=2026-01-02&to=2026-03-01", "from must be given once"),
        ("offer_id=not-a-uuid", "offer_id must be a UUID"),
        (f"offer_id={{{OFFER_A}}}", "offer_id must be a UUID"),
        (f"offer_id={OFFER_A.replace('-', '')}", "offer_id must be a UUID"),
        ("offer_ids=", "offer_ids must be a UUID"),
        (f"offer_id={OTHER_OFFER}", f"offer_ids contains an unknown offer: {OTHER_OFFER}"),
        (f"offer_ids[]={OTHER_OFFER}", f"offer_ids contains an unknown offer: {OTHER_OFFER}"),
        ("offer_ids=" + ",".join([OFFER_A] * 501), "offer_ids must name at most 500"),
        ("product_id=1.0", "product_id must be an integer"),
        ("product_id=1e3", "product_id must be an integer"),
        ("product_id=true", "product_id must be an integer"),
        ("variant_id=9223372036854775808", "variant_id must be an integer"),
        ("market_id=", "market_id must be an integer"),
        ("currency=usd", "currency must be one of: EUR, USD"),
        ("currency=GBP", "currency must be one of: EUR, USD"),
        ("colour=red", "colour is not a parameter of summary"),
        ("%00=1", "\x00 is not a parameter of summary"),
        ("from=%ff&to=2026-01-01", "from must be UTF-8 text"),
        ("offer_id=%00", "offer_id must be a UUID"),
        ("offer_id=';drop table reports.dim_offers;--", "offer_id must be a UUID"),
    ],
)
def test_a_problem_is_named(golden: httpx.Client, query: str, starts_with: str) -> None:
    assert any(error.startswith(starts_with) for error in problems(golden, f"/summary?{query}"))


def test_every_problem_is_in_one_answer(golden: httpx.Client) -> None:
    errors = problems(golden, "/revenue?from=2026-13-01&offer_id=x&currency=XXX&granularity=hour&page=1")
    assert {error.split()[0] for error in errors} == {"from", "to", "offer_id", "currency", "granularity", "page"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/summary?from=%ff&to=2026-01-01", ["from must be UTF-8 text"]),
        ("/by_variant?offer_id=%ff", ["offer_id must be UTF-8 text"]),
        ("/by_variant?offer_ids[]=%ff", ["offer_ids must be UTF-8 text"]),
        ("/summary?%ff=1", ["\ufffd is not a parameter of summary; it takes "]),
    ],
)
def test_what_cannot_be_read_was_given_all_the_same(golden: httpx.Client, path: str, expected: list[str]) -> None:
    found = problems(golden, path)
    assert len(found) == len(expected)
    assert all(text.startswith(start) for text, start in zip(found, expected, strict=True)), found


@pytest.mark.parametrize(
    ("path", "starts_with"),
    [
        ("/revenue?granularity=year", "granularity must be one of: day, week, month"),
        ("/revenue?include_deposits=false&include_balances=false", "include_deposits or include_balances"),
        ("/revenue?include_deposits=yes", "include_deposits must be true or false"),
        ("/by_date?metrics=orders,nonsense", "metrics must be among: orders, units"),
        ("/by_date?from=2010-01-01&to=2020-12-31", "from and to span 4018 buckets by day"),
        ("/by_variant", "offer_id is required"),
        ("/customers?page=0", "page must be an integer from 1"),
        ("/customers?per_page=201", "per_page must be an integer from 1 to 200"),
        ("/customers?per_page=-1", "per_page must be an integer from 1 to 200"),
        ("/by_offer?product_id=1", "product_id is not a parameter of by_offer"),
    ],
)
def test_what_each_report_refuses(golden: httpx.Client, path: str, starts_with: str) -> None:
    assert any(error.startswith(starts_with) for error in problems(golden, path))


def test_another_shops_offer_is_as_unknown_as_one_that_is_nobodys(golden: httpx.Client) -> None:
    nobodys = OTHER_OFFER.replace("c", "d")
    theirs, none = (problems(golden, f"/summary?offer_id={offer}") for offer in (OTHER_OFFER, nobodys))
    assert theirs == [error.replace(nobodys, OTHER_OFFER) for error in none]


def test_a_long_window_is_fine_where_there_is_no_series(golden: httpx.Client) -> None:
    assert golden.get("/summary?from=2000-01-01&to=2100-12-31").status_code == 200
    assert golden.get("/by_date?granularity=month&from=2000-01-01&to=2100-12-31").status_code == 200


def test_filters_are_echoed_and_uuids_answered_in_lower_case(golden: httpx.Client) -> None:
    body = golden.get(f"/summary?{WINDOW}&offer_ids[]={OFFER_A.upper()}&market_id=1").json()
    assert body["filters"] == {"offer_ids": [OFFER_A], "market_id": 1}


def test_metrics_are_answered_in_the_definitions_order(golden: httpx.Client) -> None:
    body = golden.get(f"/by_date?{WINDOW}&metrics[]=revenue&metrics[]=orders").json()
    assert body["metrics"] == ["orders", "revenue"]
    assert list(body["series"][0]) == ["bucket", "from", "to", "partial", "orders", "revenue"]


def test_an_unknown_product_gives_zeros(golden: httpx.Client) -> None:
    assert golden.get(f"/summary?{WINDOW}&product_id=1").json()["totals"]["orders"] == 0


def test_a_window_by_default_is_the_last_thirty_days_and_incomplete(golden: httpx.Client) -> None:
    body = golden.get("/by_date?metrics=orders").json()
    assert len(body["series"]) == 30
    assert body["incomplete"] is True
    assert "incomplete" not in golden.get(f"/by_date?{WINDOW}").json()


@pytest.mark.parametrize("report", REPORTS.values(), ids=lambda report: report.name)
def test_every_text_parameter_withstands_injection(built: Stack, golden: httpx.Client, report: object) -> None:
    for parameter in report.parameters:  # type: ignore[attr-defined]
        response = golden.get(f"/{report.name}", params={parameter.name: "' or 1=1;--\x00"})  # type: ignore[attr-defined]
        assert response.status_code == 422, parameter.name
