"""Servers that hang, are cut or gone, and slow clients: refusals are soon and honest, and what can be answered is."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest
from api_process import api_process, started_api
from conftest import REPORTS, Stack
from data.golden import DOMAIN
from faults import SOON_SECONDS, until
from invariants import invariants_hold
from tcp_proxy import TcpProxy

from local.home import open_home

WINDOW = {"from": "2026-01-01", "to": "2026-03-31"}
LOCKED_SECONDS = 5  # a free connection and a lock are waited for 2 each; one more for a machine that is busy


@pytest.fixture(scope="module")
def proxies(built: Stack) -> Iterator[dict[str, TcpProxy]]:
    """Stand between an API and its servers."""
    ports = open_home(built.home).ports
    made = {server: TcpProxy(ports[server]) for server in ("primary", "replica")}
    yield made
    for proxy in made.values():
        proxy.close()


@pytest.fixture(scope="module")
def behind(built: Stack, proxies: dict[str, TcpProxy]) -> Iterator[httpx.Client]:
    """Return a client of an API that reaches its servers by proxies, with few connections."""
    built.client(DOMAIN)  # makes the key
    ports = open_home(built.home).ports
    settings = {
        f"PREORDERS_API_{server.upper()}_DSN": built.environment[f"PREORDERS_API_{server.upper()}_DSN"].replace(
            f":{ports[server]}/", f":{proxy.port}/"
        )
        for server, proxy in proxies.items()
    }
    with api_process(built, PREORDERS_API_POOL_SIZE="3", PREORDERS_API_ANSWER_CACHE_BYTES="0", **settings) as url:
        yield httpx.Client(base_url=url + REPORTS, headers={"X-Auth-Token": built.keys[DOMAIN]}, timeout=30)


def timed(client: httpx.Client, path: str = "/summary") -> tuple[int, float]:
    began = time.monotonic()
    answer = client.get(path, params=WINDOW if path == "/summary" else None)
    if answer.status_code == 503:
        assert answer.headers["retry-after"]
    return answer.status_code, time.monotonic() - began


def test_a_replica_that_hangs_is_refused_soon_and_read_again(
    built: Stack, behind: httpx.Client, proxies: dict[str, TcpProxy]
) -> None:
    assert timed(behind)[0] == 200
    with invariants_hold(built):
        with proxies["replica"].silent(), ThreadPoolExecutor(8) as pool:
            for status, seconds in [*pool.map(lambda _: timed(behind), range(8)), timed(behind)]:
                assert status == 503
                assert seconds < SOON_SECONDS
        until(lambda: timed(behind)[0] == 200, 5, "it is not read again")


def test_a_replica_that_is_cut_costs_no_answer(
    built: Stack, behind: httpx.Client, proxies: dict[str, TcpProxy]
) -> None:
    for _ in range(5):
        assert timed(behind)[0] == 200
        proxies["replica"].cut()
        assert timed(behind)[0] == 200, "tried once more, on a new connection"


def test_reads_go_on_without_the_primary_and_exports_are_refused(
    built: Stack, behind: httpx.Client, proxies: dict[str, TcpProxy]
) -> None:
    unknown = built.key(DOMAIN)  # to be looked up, which the replica does meanwhile
    with invariants_hold(built):
        with proxies["primary"].silent():
            assert timed(behind)[0] == 200
            began = time.monotonic()
            assert behind.get("/summary", headers={"X-Auth-Token": unknown}).status_code == 200
            assert time.monotonic() - began < SOON_SECONDS
            for method, path in (("POST", "/summary/export"), ("GET", "/exports"), ("GET", "/exports/exp_00")):
                refused = behind.request(method, path, json={} if method == "POST" else None)
                assert refused.status_code == 503, path
                assert refused.headers["retry-after"]
        until(lambda: behind.get("/exports").status_code == 200, 10, "the primary is not used again")


def test_slow_statements_leave_no_answer_waiting(built: Stack, behind: httpx.Client) -> None:
    """Others hold every connection: the next ones are refused soon."""
    with psycopg.connect(built.environment["PREORDERS_PRIMARY_DSN"]) as locking, ThreadPoolExecutor(12) as pool:
        locking.execute("lock table service.export_jobs in access exclusive mode")
        for status, seconds in pool.map(lambda _: timed(behind, "/exports"), range(12)):
            assert status == 503
            assert seconds < LOCKED_SECONDS
        assert timed(behind)[0] == 200, "reads don't wait for the primary's connections"
    until(lambda: timed(behind, "/exports")[0] == 200, 5, "connections are not free again")


def test_an_api_that_is_told_to_stop_finishes_what_is_under_way(built: Stack) -> None:
    built.client(DOMAIN)
    headers = {"X-Auth-Token": built.keys[DOMAIN]}
    with (
        started_api(built) as api,
        psycopg.connect(built.environment["PREORDERS_PRIMARY_DSN"]) as locking,
        ThreadPoolExecutor(1) as pool,
    ):
        locking.execute("lock table service.export_jobs in access exclusive mode")
        under_way = pool.submit(httpx.get, f"{api.url}{REPORTS}/exports", headers=headers)
        time.sleep(0.5)
        api.process.terminate()
        time.sleep(0.5)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{api.url}/health/live")
        locking.rollback()
        assert under_way.result().status_code == 200
        api.process.wait(10)


def test_clients_that_are_slow_hold_nothing_up(built: Stack, behind: httpx.Client) -> None:
    """Some say half of a request, others ask and never read."""
    address = (behind.base_url.host, behind.base_url.port)
    head = f"GET {REPORTS}/by_date HTTP/1.1\r\nHost: here\r\nX-Auth-Token: {built.keys[DOMAIN]}\r\n"
    slow = [socket.create_connection(address) for _ in range(60)]
    for number, client in enumerate(slow):
        client.sendall((head + "\r\n" if number % 2 else head).encode())
    for _ in range(5):
        status, seconds = timed(behind)
        assert (status, seconds < SOON_SECONDS) == (200, True)
    for client in slow:
        client.close()


@pytest.mark.parametrize("role", ["API_PRIMARY", "API_REPLICA", "EXPORTS_PRIMARY", "EXPORTS_REPLICA", "PUBLISHER"])
def test_no_statement_and_no_lock_is_waited_for_without_end(built: Stack, role: str) -> None:
    with psycopg.connect(built.environment[f"PREORDERS_{role}_DSN"]) as connection:
        bounds = ["statement_timeout", "lock_timeout"]
        if role.startswith("API"):
            bounds.append("idle_in_transaction_session_timeout")
        for bound in bounds:
            assert connection.execute(f"show {bound}".encode()).fetchone() != ("0",), bound
