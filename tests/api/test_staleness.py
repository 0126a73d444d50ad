"""A replica that falls behind or goes away: answers say how old they are and when they are stale, or are refused."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx
import psycopg
import pytest
from api_process import api_process
from conftest import REPORTS, Stack
from data.golden import DOMAIN
from faults import SOON_SECONDS, kill, receiver_cut, receiver_stopped, replay_paused, stopped, until
from invariants import invariants_hold

STALE_SECONDS = 3
WINDOW = {"from": "2026-01-01", "to": "2026-03-31"}
Fault = Callable[[Stack], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def impatient(built: Stack) -> Iterator[httpx.Client]:
    """Return a client of an API that calls three seconds of lag stale."""
    built.client(DOMAIN)  # makes the key
    with api_process(built, PREORDERS_STALE_SECONDS=str(STALE_SECONDS)) as url:
        yield httpx.Client(base_url=url + REPORTS, headers={"X-Auth-Token": built.keys[DOMAIN]}, timeout=10)


def metric(client: httpx.Client, name: str) -> float:
    text = client.get(f"{client.base_url.copy_with(path='/metrics')}").text
    return float(next(line for line in text.splitlines() if line.startswith(f"{name} ")).split()[1])


@pytest.mark.parametrize(
    "fault",
    [
        replay_paused,
        pytest.param(receiver_stopped, marks=pytest.mark.long),
        pytest.param(receiver_cut, marks=pytest.mark.long),
    ],
)
def test_a_lag_is_told_and_can_be_refused(built: Stack, impatient: httpx.Client, fault: Fault) -> None:
    fresh = impatient.get("/summary", params={**WINDOW, "max_lag": 5})
    assert fresh.json()["freshness"]["stale"] is False
    with invariants_hold(built), fault(built):
        began = time.monotonic()
        until(lambda: impatient.get("/revenue").json()["freshness"]["replica_lag_seconds"] > 5.2, 15, "no lag is told")
        passed = time.monotonic() - began
        told = impatient.get("/summary", params=WINDOW)
        assert told.status_code == 200
        assert told.json()["freshness"]["stale"] is True
        assert passed - 0.5 < told.json()["freshness"]["replica_lag_seconds"] < passed + 2.5
        assert told.headers["etag"] != fresh.headers["etag"]
        for refused in (
            impatient.get("/summary", params={**WINDOW, "max_lag": 5}),  # was told before, and is kept
            impatient.get("/by_offer", params={**WINDOW, "max_lag": 5}),
            impatient.post("/summary/export", json={**WINDOW, "max_lag": 5}),
        ):
            assert refused.status_code == 503
            assert refused.headers["retry-after"]
            [problem] = refused.json()["errors"]
            assert problem.startswith("max_lag is 5 seconds, and the numbers lag behind by ")
        assert impatient.get("/summary", params={**WINDOW, "max_lag": 3600}).status_code == 200
        assert metric(impatient, "preorders_replica_stale") == 1
        assert metric(impatient, "preorders_replica_lag_seconds") > 5
        assert built.client(DOMAIN).get("/summary").json()["freshness"]["stale"] is False, "30 s are not over"
    until(lambda: not impatient.get("/summary").json()["freshness"]["stale"], 10, "it does not catch up")
    assert metric(impatient, "preorders_replica_stale") == 0


@pytest.mark.parametrize("how", ["stopped", pytest.param("crashed", marks=pytest.mark.long)])
def test_a_replica_that_is_gone_is_503_and_soon_back(built: Stack, impatient: httpx.Client, how: str) -> None:
    assert status_in_time(impatient) == 200
    with invariants_hold(built):
        if how == "stopped":
            with stopped(built, "replica"):
                until(lambda: status_in_time(impatient) == 503, 3, "answers go on")
        else:
            kill(built, "replica")  # the supervisor starts it anew
            status_in_time(impatient)
        until(lambda: can_connect(built), 30, "the replica does not come back")
        until(lambda: status_in_time(impatient) == 200, 5, "no answers after it is back")


def status_in_time(client: httpx.Client) -> int:
    """Ask; a refusal must be soon, and honest."""
    began = time.monotonic()
    answer = client.get("/summary", params=WINDOW)
    assert time.monotonic() - began < SOON_SECONDS
    if answer.status_code == 503:
        assert answer.json() == {"errors": ["database cannot be reached or took too long; try again"]}
        assert answer.headers["retry-after"]
    return answer.status_code


def can_connect(stack: Stack) -> bool:
    try:
        psycopg.connect(stack.environment["PREORDERS_REPLICA_DSN"], connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True
