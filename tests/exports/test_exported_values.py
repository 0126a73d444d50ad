"""An export and its read show the same values, character for character (spec: api.md, Exports)."""

import random
from datetime import date
from typing import Any

import pytest
from conftest import Stack
from data.requests import REPORTS, draw_request, query_of
from exports.exporting import ask, download, expected_rows, rows_of, wait
from oracle import Source

from api.reports.registry import REPORTS as REGISTRY

FIRST, LAST = date(2024, 8, 1), date(2025, 8, 1)


def _requests(stack: Stack, seed: int, count: int) -> list[tuple[str, str, dict[str, Any]]]:
    with stack.primary() as connection:
        source = Source.read(connection)
    shops = [shop for shop in source.tables["shops"] if shop["domain"].startswith("shop-")]
    draw = random.Random(seed)
    drawn = []
    while len(drawn) < count:
        shop = draw.choice(shops)
        name, request = draw_request(draw, source, shop, FIRST, LAST)
        if name == REPORTS[len(drawn) % len(REPORTS)]:
            drawn.append((shop["domain"], name, request))
    return drawn


def test_every_report_is_exported_as_it_is_read(built: Stack) -> None:
    asked = []
    for number, (domain, report, request) in enumerate(_requests(built, seed=3, count=45)):
        client = built.client(domain)
        file_format = {"format": "csv.gz"} if number % 4 == 0 else {}
        asked.append((client, report, request, ask(client, report, {**request, **file_format})))
    compared = refused = 0
    for client, report, request, job_id in asked:
        state = wait(client, job_id)
        query = {name: text for name, text in query_of(request).items() if name not in ("page", "per_page")}
        expected = expected_rows(client, report, query)
        if expected is None:
            refused += 1
            assert state["status"] == "failed", f"{report} {request}"
            assert "there is no exchange rate" in state["error"]
            continue
        assert state["status"] == "ready", f"{report} {request}: {state}"
        _, *rows = rows_of(download(state))
        assert rows == expected, f"{report} {request}"
        assert state["row_count"] == len(rows)
        compared += len(rows)
    assert compared > 500
    assert refused > 0


@pytest.mark.parametrize("report", REGISTRY)
def test_the_header_has_the_names_of_the_read(built: Stack, report: str) -> None:
    client = built.client("golden.example")
    window = {"from": "2026-01-01", "to": "2026-03-31"}
    offers = {"offer_ids": ["aaaaaaaa-0000-0000-0000-000000000000"]} if report == "by_variant" else {}
    state = wait(client, ask(client, report, {**window, **offers}))
    header, first = rows_of(download(state))[:2]
    body = client.get(f"/{report}", params=query_of({**window, **offers})).json()
    shown = body[REGISTRY[report].exported]
    assert header == list(shown if isinstance(shown, dict) else shown[0])
    assert len(first) == len(header)
    assert state["file_name"] == f"preorders_{report}_2026-01-01_2026-03-31.csv"


def test_lines_end_as_rfc_4180_asks(built: Stack) -> None:
    client = built.client("golden.example")
    text = download(wait(client, ask(client, "by_date", {"from": "2026-01-01", "to": "2026-01-03"})))
    assert text.endswith("\r\n")
    assert text.count("\r\n") == text.count("\n") == 4


def test_a_window_that_was_not_given_stays_that_of_the_request(built: Stack) -> None:
    client = built.client("golden.example")
    window = client.get("/by_date").json()["window"]
    state = wait(client, ask(client, "by_date", {}))
    assert state["file_name"] == f"preorders_by_date_{window['from']}_{window['to']}.csv"
    assert state["row_count"] == 30
