"""Launching a Dagster job and following its run until it ends, through the webserver's GraphQL."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from api.exports.launch import LAUNCH, LaunchRefused, launch_params, launched_run_id
from local.dagster_graphql import DagsterClient
from local.errors import StackError, first_line

FOLLOW = """
query Follow($run: ID!, $cursor: String) {
    runOrError(runId: $run) { ... on Run { status } }
    logsForRun(runId: $run, afterCursor: $cursor, limit: 500) { ... on EventConnection {
        cursor hasMore
        events {
            __typename
            ... on MessageEvent { message level timestamp stepKey }
            ... on ErrorEvent { error { message causes { message } } }
        }
    } }
}
"""
JOB, LOCATION = "build_rollups", "rollups"
INTERVAL = 0.3
QUEUE_SECONDS = 5  # the queue takes a run within a second or two, unless it has to wait
UNREACHABLE_SECONDS = 60  # the webserver may be restarted under us
ENDED = ("SUCCESS", "FAILURE", "CANCELED")
SHOWN_LEVELS = ("INFO", "WARNING", "ERROR", "CRITICAL")
SHOWN_EVENTS = {
    "ExecutionStepStartEvent", "ExecutionStepSuccessEvent", "ExecutionStepFailureEvent",
    "ExecutionStepSkippedEvent", "ExecutionStepUpForRetryEvent", "ExecutionStepRestartEvent",
    "RunStartEvent", "RunSuccessEvent", "RunFailureEvent", "RunCanceledEvent", "RunDequeuedEvent",
}  # fmt: skip


@dataclass(frozen=True)
class RunEvent:
    """One line of a run's log."""

    seconds: float
    level: str
    step: str | None
    message: str


def launch_build(dagster: DagsterClient, full_refresh: bool) -> str:
    """Launch the job that builds and publishes the rollups, and return the run's id.

    Raises:
        StackError: Dagster can't be reached, or refused.
    """
    config = {"ops": {"dbt_models": {"config": {"full_refresh": full_refresh}}}}
    try:
        return launched_run_id(dagster.ask(LAUNCH, params=launch_params(LOCATION, JOB, config)))
    except httpx.HTTPError as problem:
        raise StackError(f"Dagster at {dagster.url} can't be reached: {first_line(problem)}") from None
    except LaunchRefused as problem:
        raise StackError(f"Dagster did not launch {JOB}: {problem}") from None


def run_url(dagster: DagsterClient, run_id: str) -> str:
    """The run's page in Dagster."""
    return f"{dagster.url}/runs/{run_id}"


def follow_run(dagster: DagsterClient, run_id: str, show: Callable[[RunEvent], None], seconds: float) -> None:
    """Show a run's events as they come, until it succeeded.

    Raises:
        StackError: it failed or was cancelled, did not end in time, or Dagster is gone.
    """
    deadline = time.monotonic() + seconds
    started = last_answer = time.monotonic()
    has_told_of_queue = False
    cursor: str | None = None
    failures: list[str] = []
    while True:
        try:
            answer = dagster.ask(FOLLOW, run=run_id, cursor=cursor)
            last_answer = time.monotonic()
        except httpx.HTTPError as problem:
            if time.monotonic() - last_answer > UNREACHABLE_SECONDS:
                raise StackError(f"Dagster at {dagster.url} is gone: {first_line(problem)}") from None
            time.sleep(INTERVAL)
            continue
        logs = answer["logsForRun"]
        for event in logs.get("events", []):
            _note(event, show, failures)
        cursor = logs.get("cursor", cursor)
        status = answer["runOrError"].get("status")
        if status in ENDED and not logs.get("hasMore"):
            if status == "SUCCESS":
                return
            failures.append("it was cancelled" if status == "CANCELED" else "no reason given")
            raise StackError(f"the build failed: {failures[0]}")
        if status == "QUEUED" and not has_told_of_queue and time.monotonic() - started > QUEUE_SECONDS:
            show(RunEvent(time.time(), "INFO", None, "waiting in the queue: another build is running"))
            has_told_of_queue = True
        if time.monotonic() > deadline:
            raise StackError(f"the build did not end within {seconds:.0f} s; it goes on")
        if not logs.get("hasMore"):
            time.sleep(INTERVAL)


def _note(event: Mapping[str, Any], show: Callable[[RunEvent], None], failures: list[str]) -> None:
    error = event.get("error")
    if error:
        # Dagster wraps what an op raised; its first cause is the op's own exception.
        causes = [cause["message"] for cause in error.get("causes") or []]
        failures.append((causes[0] if causes else error["message"]).strip())
    elif event["__typename"] == "RunFailureEvent":
        failures.append(event["message"])
    message = event.get("message", "").strip()
    if message and (event["__typename"] in SHOWN_EVENTS or event["level"] in SHOWN_LEVELS):
        show(RunEvent(float(event["timestamp"]) / 1000, event["level"], event.get("stepKey"), message))
