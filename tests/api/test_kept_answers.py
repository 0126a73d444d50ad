"""Answers are kept until a publication changes something, and a client's copy is confirmed by its tag."""

import time
from collections.abc import Iterator
from uuid import UUID

import httpx
import psycopg
import pytest
from conftest import Stack
from data.golden import SHOP

WINDOW = {"from": "2026-01-01", "to": "2026-03-31"}


def units(client: httpx.Client) -> int:
    return int(client.get("/summary", params=WINDOW).raise_for_status().json()["totals"]["units"])


def add_units(connection: psycopg.Connection, units: int) -> None:
    connection.execute(
        "update reports.rollup_shops_monthly set units = units + %s where shop_id = %s and starts_on = '2026-01-01'",
        [units, UUID(SHOP)],
    )


def publish(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "insert into reports.builds (as_of, built_at) select max(as_of), now() from reports.builds returning build_id"
    ).fetchone()
    assert row is not None
    connection.execute("update reports.shop_builds set build_id = %s where shop_id = %s", [row[0], UUID(SHOP)])
    return int(row[0])


@pytest.fixture
def primary(built: Stack) -> Iterator[psycopg.Connection]:
    """Write what publishing would, and take it back."""
    with psycopg.connect(built.environment["PREORDERS_PRIMARY_DSN"], autocommit=True) as connection:
        before = connection.execute("select * from reports.rollup_shops_monthly where shop_id = %s", [SHOP]).fetchall()
        yield connection
        with connection.transaction():
            add_units(connection, -1)
            publish(connection)
        after = connection.execute("select * from reports.rollup_shops_monthly where shop_id = %s", [SHOP]).fetchall()
        assert sorted(after, key=str) == sorted(before, key=str)


def test_a_kept_answer_is_told_until_a_build_arrives(
    built: Stack, golden: httpx.Client, primary: psycopg.Connection
) -> None:
    before = units(golden)
    add_units(primary, 1)
    until = time.monotonic() + 2
    while time.monotonic() < until:
        assert units(golden) == before, "nothing says that it has changed: it is told from memory"
    build_id = publish(primary)
    with psycopg.connect(built.environment["PREORDERS_REPLICA_DSN"], autocommit=True) as replica:
        while replica.execute("select max(build_id) from reports.builds").fetchone() != (build_id,):
            time.sleep(0.01)
    time.sleep(1)
    body = golden.get("/summary", params=WINDOW).json()
    assert body["totals"]["units"] == before + 1
    assert body["freshness"]["build_id"] == build_id


def test_a_copy_is_confirmed_by_its_tag(golden: httpx.Client) -> None:
    first = golden.get("/revenue", params=WINDOW)
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["vary"] == "X-Auth-Token"
    tag = first.headers["etag"]
    for tags in (tag, f'"another", {tag}', tag.removeprefix("W/"), "*"):
        confirmed = golden.get("/revenue", params=WINDOW, headers={"If-None-Match": tags})
        assert (confirmed.status_code, confirmed.content) == (304, b""), tags
        assert confirmed.headers["etag"] == tag
        assert confirmed.headers["x-ratelimit-remaining"]
    other = golden.get("/revenue", params={**WINDOW, "granularity": "week"}, headers={"If-None-Match": tag})
    assert other.status_code == 200
    assert other.headers["etag"] != tag


def test_what_is_refused_has_no_tag(golden: httpx.Client) -> None:
    refused = golden.get("/revenue", params={"from": "2026-01-01"}, headers={"If-None-Match": "*"})
    assert refused.status_code == 422
    assert "etag" not in refused.headers
