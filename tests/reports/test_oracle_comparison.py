"""Every report against an oracle that shares no code and no SQL with the product (spec: metrics.md)."""

import json
import random
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from conftest import Stack
from data.awkward import SHOPS
from data.changes import change_source
from data.golden import DOMAIN
from data.requests import draw_request, query_of
from data.tables import differing_rows, keep_tables, tables_of
from oracle import MissingRate, Source, report

FIRST, LAST = date(2024, 8, 1), date(2025, 8, 1)
NOT_OF_THE_ORACLE = ("freshness", "filters", "incomplete")


def compare(stack: Stack, source: Source, seed: int, requests: int) -> int:
    """Ask at random; return how many answers were refused for a missing rate, as the oracle asks for."""
    draw = random.Random(seed)
    shops = [shop for shop in source.tables["shops"] if shop["domain"].startswith("shop-")]
    refused = 0
    for _ in range(requests):
        shop = draw.choice(shops)
        name, request = draw_request(draw, source, shop, FIRST, LAST)
        response = stack.client(shop["domain"]).get(f"/{name}", params=query_of(request))
        where = f"seed {seed}: {name} {request} of {shop['domain']}"
        try:
            expected = report(source, shop["id"], name, request, datetime.now(UTC).date())
        except MissingRate as missing:
            refused += 1
            assert response.status_code == 503, where
            assert str(missing.day) in response.text and missing.currency in response.text, where
            continue
        assert response.status_code == 200, f"{where}: {response.text}"
        body = {key: value for key, value in response.json().items() if key not in NOT_OF_THE_ORACLE}
        assert body == json.loads(json.dumps(expected)), where
    return refused


def source_of(stack: Stack) -> Source:
    with stack.primary() as connection:
        return Source.read(connection)


@pytest.mark.parametrize("seed", range(4))
def test_reports_equal_the_oracle(built: Stack, seed: int) -> None:
    assert compare(built, source_of(built), seed, requests=150) > 0, "no missing rate was met: the data are too tame"


def test_every_shop_and_report_has_numbers(built: Stack) -> None:
    """A metric that is always zero would compare nothing; outstanding alone needs rates of all history."""
    metrics = [name for name in built.client(DOMAIN).get("/by_date").json()["metrics"] if "outstanding" not in name]
    for number in range(len(SHOPS) - 1):
        response = built.client(f"shop-{number}.example").get(
            "/by_date", params={"from": "2025-02-01", "to": "2025-06-01", "metrics": ",".join(metrics)}
        )
        assert response.status_code == 200, response.text
        assert all(response.json()["totals"].values()), response.text


def test_an_incremental_build_equals_the_oracle_and_a_full_refresh(built: Stack, tmp_path: Path) -> None:
    draw = random.Random(7)
    for _ in range(2):
        with built.primary() as connection:
            change_source(connection, draw)
        built.build()
        compare(built, source_of(built), seed=draw.randrange(10**6), requests=100)
    with built.primary() as connection:
        keep_tables(connection, "analytics")
    built.build("--full-refresh")
    with built.primary() as connection:
        for table in tables_of(connection, "analytics"):
            assert differing_rows(connection, table, "analytics") == [], f"{table} differs from a full refresh"
