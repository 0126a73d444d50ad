"""Two shops call at once, in any order: each gets what it would get alone, and nothing of the other's (I7)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from conftest import Stack
from data.golden import DOMAIN
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

SHOPS = (DOMAIN, "shop-1.example")
WINDOW = {"from": "2025-06-01", "to": "2026-06-30"}
REPORTS = (
    "summary",
    "revenue",
    "by_offer",
    "by_product",
    "by_date",
    "cancellations",
    "balance_collection",
    "customers",
)
shops = st.sampled_from(SHOPS)


def content(response: httpx.Response) -> Any:
    """Return an answer without what changes from call to call."""
    body = response.json()
    body.get("freshness", {}).pop("replica_lag_seconds", None)
    return response.status_code, body


class TwoShops(RuleBasedStateMachine):
    """Reads, exports, polls, cancels and repetitions of both, one after the other and side by side."""

    clients: dict[str, httpx.Client]
    alone: dict[tuple[str, str], Any]

    @initialize()
    def no_jobs(self) -> None:
        self.jobs: dict[str, set[str]] = {shop: set() for shop in SHOPS}
        self.by_key: dict[tuple[str, str], str] = {}

    @rule(first=shops, report=st.sampled_from(REPORTS), another=st.sampled_from(REPORTS))
    def read_side_by_side(self, first: str, report: str, another: str) -> None:
        second = next(shop for shop in SHOPS if shop != first)
        asked = [(first, report), (second, another), (second, report), (first, another)]
        with ThreadPoolExecutor(len(asked)) as pool:
            answers = list(pool.map(lambda one: content(self.clients[one[0]].get(f"/{one[1]}", params=WINDOW)), asked))
        assert answers == [self.alone[one] for one in asked]

    @rule(shop=shops, key=st.sampled_from(["one", "two"]))
    def export(self, shop: str, key: str) -> None:
        response = self.clients[shop].post(
            "/summary/export", json=WINDOW, headers={"Idempotency-Key": f"tenants-{key}"}
        )
        job_id = response.json()["job_id"]
        assert self.by_key.setdefault((shop, key), job_id) == job_id
        self.jobs[shop].add(job_id)

    @rule(shop=shops, verb=st.sampled_from(["poll", "cancel"]))
    def touch_the_others_job(self, shop: str, verb: str) -> None:
        for owner in SHOPS:
            for job_id in self.jobs[owner]:
                client = self.clients[shop]
                response = (
                    client.get(f"/exports/{job_id}") if verb == "poll" else client.post(f"/exports/{job_id}/cancel")
                )
                assert response.status_code in ({200, 202, 409} if owner == shop else {404})

    @invariant()
    def lists_name_own_jobs_alone(self) -> None:
        if not hasattr(self, "jobs"):
            return
        mine, theirs = SHOPS
        for shop, other in ((mine, theirs), (theirs, mine)):
            listed = {job["job_id"] for job in self.clients[shop].get("/exports?per_page=200").json()["exports"]}
            assert self.jobs[shop] <= listed
            assert not self.jobs[other] & listed


@pytest.mark.usefixtures("built")
def test_two_shops_never_meet(built: Stack) -> None:
    TwoShops.clients = {shop: built.client(shop) for shop in SHOPS}
    TwoShops.alone = {
        (shop, report): content(TwoShops.clients[shop].get(f"/{report}", params=WINDOW))
        for shop in SHOPS
        for report in REPORTS
    }
    assert TwoShops.alone[SHOPS[0], "summary"] != TwoShops.alone[SHOPS[1], "summary"]
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        TwoShops,
        settings=settings(
            max_examples=6, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
