"""From POST to ready beside an empty run that is launched the same way, by the worker and by Dagster itself."""

import statistics
import time
from collections.abc import Callable, Iterator

import httpx

from api.exports.launch import LAUNCH, launch_params, launched_run_id
from benchmarks.measuring import Row, create_key, part_stopped
from local.dagster_graphql import DagsterClient
from local.demo import DEMO_SHOP_DOMAIN
from local.environment import api_url, dagster_url
from local.home import Home

REPEATS = 10
_STATUS = "query Status($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }"


def measure(home: Home) -> Iterator[Row]:
    """Measure medians of ten, an export and an empty run in turns."""
    key = create_key(home, DEMO_SHOP_DOMAIN)
    client = httpx.Client(base_url=f"{api_url(home)}/api/v2/external/preorders/reports", headers={"X-Auth-Token": key})
    dagster = DagsterClient(dagster_url(home))
    forked = _medians(lambda: _to_ready(client), lambda: _to_success(dagster))
    with part_stopped(home, "exports-worker"):
        stock = _medians(lambda: _to_ready(client), lambda: _to_success(dagster))
    yield Row("POST to ready, run forked by the worker", "an empty run, forked", *forked)
    yield Row("POST to ready, Dagster's own launcher", "an empty run, Dagster's own launcher", *stock)
    yield Row("POST to ready, run forked by the worker", "Dagster's own launcher", forked[0], stock[0])


def _medians(*works: Callable[[], None]) -> tuple[float, float]:
    """Time the works in turns, so that both meet the same moments of the machine."""
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(REPEATS):
        for taken, work in zip(seconds, works, strict=True):
            started = time.perf_counter()
            work()
            taken.append(time.perf_counter() - started)
    first, second = (statistics.median(taken) * 1000 for taken in seconds)
    return first, second


def _to_ready(client: httpx.Client) -> None:
    job_id = client.post("/summary/export", json={}).raise_for_status().json()["job_id"]
    while (state := client.get(f"/exports/{job_id}").json())["status"] == "running":
        time.sleep(0.02)
    if state["status"] != "ready":
        raise SystemExit(f"the export is {state}")


def _to_success(dagster: DagsterClient) -> None:
    params = launch_params("exports", "nothing", {})
    run_id = launched_run_id(dagster.ask(LAUNCH, params=params))
    while (status := dagster.ask(_STATUS, run=run_id)["runOrError"]["status"]) != "SUCCESS":
        if status in ("FAILURE", "CANCELED"):
            raise SystemExit(f"the empty run is {status}")
        time.sleep(0.02)
