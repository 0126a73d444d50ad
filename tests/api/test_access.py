"""Keys, tenants, rate limits, unknown paths and the shape of errors (spec: api.md, Common)."""

import httpx
import psycopg
import pytest
from api_process import api_process
from conftest import REPORTS, Stack, run_preorders
from data.golden import DOMAIN, OTHER_DOMAIN, SHOP
from faults import until

from api.keys import hash_key

BASE = REPORTS.removesuffix("/preorders/reports")


def test_without_a_live_key_the_answer_is_401(built: Stack) -> None:
    anonymous = built.anonymous()
    key = built.key(DOMAIN)
    for headers in ([], [("X-Auth-Token", "pre_wrong")], [("X-Auth-Token", key[:-1])], [("X-Auth-Token", "x" * 10_000)],
                    [("X-Auth-Token", key), ("X-Auth-Token", key)], [("X-Auth-Token", "")]):  # fmt: skip
        response = anonymous.get("/summary", headers=headers)
        assert response.status_code == 401, headers
        assert response.json() == {"errors": ["X-Auth-Token must be a valid API key"]}
        assert not [name for name in response.headers if name.startswith("x-ratelimit")]


def test_a_revoked_key_is_refused(built: Stack) -> None:
    key = built.key(OTHER_DOMAIN)
    run_preorders("keys", "revoke", key[:10], home=built.home)
    assert built.anonymous().get("/summary", headers={"X-Auth-Token": key}).status_code == 401


def test_a_key_ends_when_it_expires_and_not_a_while_later(built: Stack) -> None:
    key = built.key(OTHER_DOMAIN, "--expires-in-days", "1")
    with built.primary() as connection:
        query = "update service.api_keys set expires_at = now() + interval '2 seconds' where hint = %s"
        connection.execute(query, [key[:10]])
    client = built.anonymous(headers={"X-Auth-Token": key})
    assert client.get("").status_code == 200
    until(lambda: client.get("").status_code == 401, 4, "an expired key is still taken")


@pytest.mark.long
def test_a_key_that_is_revoked_under_load_ends_within_a_minute(built: Stack, golden: httpx.Client) -> None:
    key = built.key(DOMAIN)
    client = built.anonymous(headers={"X-Auth-Token": key})
    assert client.get("/summary").status_code == 200
    run_preorders("keys", "revoke", key[:10], home=built.home)
    until(lambda: client.get("/summary").status_code == 401, 60, "a revoked key is still taken")
    for _ in range(20):
        assert client.get("/summary").status_code == 401, "it does not come back"
    assert golden.get("/summary").status_code == 200, "the shop's other keys go on"


def test_the_key_alone_decides_the_shop(built: Stack) -> None:
    window = {"from": "2026-01-01", "to": "2026-03-31"}
    assert built.client(DOMAIN).get("/summary", params=window).json()["totals"]["orders"] == 4
    assert built.client(OTHER_DOMAIN).get("/summary", params=window).json()["totals"]["orders"] == 0


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("POST", "/preorders/offers/nope", "No v2 action registered for POST /preorders/offers/nope"),
        ("GET", "/preorders/reports/nope", "No v2 action registered for GET /preorders/reports/nope"),
        ("DELETE", "/preorders/reports/summary", "No v2 action registered for DELETE /preorders/reports/summary"),
        ("POST", "/preorders/reports/summary", "No v2 action registered for POST /preorders/reports/summary"),
        ("OPTIONS", "/preorders/reports/summary", "No v2 action registered for OPTIONS /preorders/reports/summary"),
        ("GET", "/", "No v2 action registered for GET /"),
        ("GET", "/nope/help", "No v2 action registered for GET /nope/help"),
    ],
)
def test_unknown_paths_and_verbs(golden: httpx.Client, built: Stack, method: str, path: str, message: str) -> None:
    url = built.environment["PREORDERS_API_URL"] + BASE + path
    response = golden.request(method, url)
    assert (response.status_code, response.json()) == (404, {"errors": [message]})
    assert response.headers["x-ratelimit-limit"]


def test_nothing_below_the_base_path_is_reached_without_a_key(built: Stack) -> None:
    host = built.environment["PREORDERS_API_URL"]
    for path in (f"/{BASE}/preorders/reports", f"{BASE}//preorders/reports/", f"{BASE}/help", f"{BASE}/nope"):
        assert httpx.get(host + path).status_code == 401, path
    # another spelling of the path is another path
    assert httpx.get(host + REPORTS.upper()).status_code == 404


def test_the_rate_limit_counts_points_and_says_when_to_come_back(built: Stack) -> None:
    key = built.key("shop-5.example", "--rate-limit", "5")
    client = built.anonymous(headers={"X-Auth-Token": key})
    remaining = [client.get("").headers["x-ratelimit-remaining"] for _ in range(2)]
    remaining.append(client.post("/nope").headers["x-ratelimit-remaining"])  # a write costs 2
    remaining.append(client.get("/help").headers["x-ratelimit-remaining"])
    assert remaining == ["4", "3", "1", "0"]
    refused = client.get("")
    assert refused.status_code == 429
    assert refused.json().keys() == {"error", "retry_after", "message"}
    assert refused.json()["error"] == "Rate limit exceeded"
    assert 0 < refused.json()["retry_after"] <= 60
    assert refused.headers["retry-after"] == str(refused.json()["retry_after"])
    assert refused.headers["x-ratelimit-limit"] == "5"
    another_key = built.key("shop-5.example")
    assert built.anonymous(headers={"X-Auth-Token": another_key}).get("").status_code == 429, "one bucket a shop"


def test_an_address_that_tries_keys_is_slowed_down_and_valid_keys_are_not(built: Stack, golden: httpx.Client) -> None:
    assert golden.get("").status_code == 200
    # another address of this machine; and nobody may say that he comes from elsewhere
    transport = httpx.HTTPTransport(local_address="127.0.0.2")
    guessing = built.anonymous(transport=transport, headers={"X-Forwarded-For": "203.0.113.9"})
    statuses = [guessing.get("", headers={"X-Auth-Token": f"pre_{number}"}).status_code for number in range(301)]
    assert set(statuses[:300]) == {401}
    assert statuses[300] == 429
    refused = guessing.get("", headers={"X-Forwarded-For": "203.0.113.10"})
    assert refused.status_code == 429
    assert refused.json().keys() == {"error", "retry_after", "message"}
    assert refused.headers["retry-after"] == str(refused.json()["retry_after"])
    known = guessing.get("", headers={"X-Auth-Token": built.keys[DOMAIN]})
    assert known.status_code == 200, "a key that is in use is not locked out by its neighbours"
    assert built.anonymous().get("").status_code == 401, "another address may try"


def test_a_valid_key_is_looked_up_though_strangers_at_its_address_are_refused(built: Stack) -> None:
    key, unused = built.key("shop-4.example"), built.key("shop-4.example")
    settings = {"PREORDERS_REFUSALS_PER_MINUTE": "3", "PREORDERS_KEY_CACHE_SECONDS": "0"}
    with api_process(built, **settings) as url, httpx.Client(base_url=url + REPORTS) as client:

        def call(key: str) -> int:
            return client.get("", headers={"X-Auth-Token": key}).status_code

        assert call(key) == 200
        assert [call(f"pre_{number}") for number in range(4)] == [401, 401, 401, 429]
        assert [call(key), call(key), call(unused)] == [200, 200, 200]
        made_meanwhile = built.key("shop-4.example")
        until(lambda: call(made_meanwhile) == 200, 20, "a new key is taken for a guess")
        with built.primary() as connection:
            connection.execute("update service.api_keys set revoked_at = now() where key_hash = %s", (hash_key(key),))
        assert [call(key), call(key)] == [401, 429], "one that is revoked is like any other"


def test_the_api_role_sees_one_shop_and_writes_no_reports(built: Stack) -> None:
    with psycopg.connect(built.environment["PREORDERS_API_REPLICA_DSN"], autocommit=True) as connection:
        with pytest.raises(psycopg.Error, match=r"preorders\.shop_id"):
            connection.execute("select * from reports.dim_offers")
        connection.execute("select set_config('preorders.shop_id', %s, false)", (SHOP,))
        tables = connection.execute(
            """
            select table_name from information_schema.columns
            where table_schema = 'reports' and column_name = 'shop_id'
            """
        ).fetchall()
        assert len(tables) > 10
        for (table,) in tables:
            shops = connection.execute(f"select distinct shop_id::text from reports.{table}").fetchall()
            assert set(shops) <= {(SHOP,)}, table
        for forbidden in ("app.orders", "analytics.fct_ledger"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select 1 from {forbidden}")


def test_reports_are_read_on_the_replica_which_refuses_writes(built: Stack, golden: httpx.Client) -> None:
    assert golden.get("/summary").status_code == 200
    with psycopg.connect(built.environment["PREORDERS_REPLICA_DSN"], autocommit=True) as replica:
        queries = replica.execute(
            "select query from pg_stat_activity where application_name = 'preorders-api reports'"
        ).fetchall()
        assert queries, "the API has no connection to the replica"
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            replica.execute("delete from reports.dim_offers")
    with built.primary() as primary:
        found = primary.execute(
            "select count(*) from pg_stat_activity where application_name = 'preorders-api reports'"
        ).fetchone()
        assert found == (0,)
