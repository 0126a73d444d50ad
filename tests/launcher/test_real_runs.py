"""Runs by the worker and by Dagster's own way are the same to whoever looks at them in Dagster."""

import time
from typing import Any

import httpx
import pytest
from conftest import Stack
from exports.exporting import ask, wait

from local.dagster_graphql import DagsterClient
from local.home import open_home
from local.supervision import Supervisor

WINDOW = {"from": "2026-01-01", "to": "2026-03-31"}
RUNS = """
query Runs($filter: RunsFilter!) { runsOrError(filter: $filter, limit: 1) {
    ... on Runs { results { status runId tags { key value } } }
} }
"""
EVENTS = "query Events($run: ID!) { logsForRun(runId: $run) { ... on EventConnection { events { __typename } } } }"


def last_run(dagster: DagsterClient, **wanted: Any) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while True:
        [run] = dagster.ask(RUNS, filter=wanted)["runsOrError"]["results"]
        if run["status"] in ("SUCCESS", "FAILURE", "CANCELED") or time.monotonic() > deadline:
            run["tags"] = {tag["key"]: tag["value"] for tag in run["tags"]}
            return dict(run)
        time.sleep(0.2)


@pytest.mark.parametrize("has_worker", [True, False], ids=["forked", "dagster's own"])
def test_a_run_is_an_ordinary_run(built: Stack, golden: httpx.Client, has_worker: bool) -> None:
    dagster = DagsterClient(built.environment["PREORDERS_DAGSTER_URL"])
    supervisor = Supervisor(open_home(built.home))
    if not has_worker:
        supervisor.stop("exports-worker")
    try:
        job_id = ask(golden, "summary", WINDOW)
        assert wait(golden, job_id)["status"] == "ready"
        run = last_run(dagster, tags=[{"key": "preorders/export_job", "value": job_id}])
    finally:
        supervisor.start("exports-worker")
    assert run["status"] == "SUCCESS"
    assert run["tags"]["preorders/run_worker"] == ("exports" if has_worker else "")
    events = {event["__typename"] for event in dagster.ask(EVENTS, run=run["runId"])["logsForRun"]["events"]}
    assert {"RunStartEvent", "ExecutionStepSuccessEvent", "RunSuccessEvent", "LogsCapturedEvent"} <= events


def test_builds_are_forked_too(built: Stack) -> None:
    run = last_run(DagsterClient(built.environment["PREORDERS_DAGSTER_URL"]), pipelineName="build_rollups")
    assert run["tags"]["preorders/run_worker"] == "rollups"
