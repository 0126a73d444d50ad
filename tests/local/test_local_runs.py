"""Following a Dagster run, against a webserver made up here."""

import json
from typing import Any

import httpx
import pytest

from local.dagster_graphql import DagsterClient
from local.errors import StackError
from local.runs import RunEvent, follow_run, launch_build


def a_webserver(*answers: dict[str, Any] | int) -> DagsterClient:
    """A client whose questions get these answers one after the other; a number is a status without data."""
    remaining = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        following = remaining.pop(0)
        if isinstance(following, int):
            return httpx.Response(following)
        return httpx.Response(200, json={"data": following})

    client = DagsterClient("http://dagster.example")
    client._http = httpx.Client(transport=httpx.MockTransport(answer))
    return client


def a_page(status: str, *events: dict[str, Any], more: bool = False) -> dict[str, Any]:
    logs = {"cursor": "c", "hasMore": more, "events": list(events)}
    return {"runOrError": {"status": status}, "logsForRun": logs}


def an_event(kind: str, message: str, level: str = "INFO", **more: Any) -> dict[str, Any]:
    return {"__typename": kind, "message": message, "level": level, "timestamp": "1000", **more}


def test_a_launch_asks_for_the_build_job_with_its_configuration() -> None:
    asked: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["variables"]["params"])
        launched = {"__typename": "LaunchRunSuccess", "run": {"runId": "r1"}}
        return httpx.Response(200, json={"data": {"launchRun": launched}})

    client = DagsterClient("http://dagster.example")
    client._http = httpx.Client(transport=httpx.MockTransport(answer))
    assert launch_build(client, full_refresh=True) == "r1"
    assert asked[0]["runConfigData"] == {"ops": {"dbt_models": {"config": {"full_refresh": True}}}}
    assert asked[0]["selector"]["jobName"] == "build_rollups"


def test_a_refused_launch_says_why() -> None:
    refusal = {"__typename": "RunConfigValidationInvalid", "errors": [{"message": "no such field"}]}
    with pytest.raises(StackError, match="no such field"):
        launch_build(a_webserver({"launchRun": refusal}), full_refresh=False)


def test_a_webserver_that_lost_its_connections_is_asked_again() -> None:
    launched = {"__typename": "LaunchRunSuccess", "run": {"runId": "r1"}}
    assert launch_build(a_webserver(500, {"launchRun": launched}), full_refresh=False) == "r1"


def test_steps_and_messages_are_shown_but_not_debug_chatter() -> None:
    shown: list[RunEvent] = []
    client = a_webserver(
        a_page("STARTED", an_event("LogMessageEvent", "chatter", "DEBUG"), more=True),
        a_page("STARTED", an_event("ExecutionStepStartEvent", "started", "DEBUG", stepKey="dbt_models")),
        a_page("SUCCESS", an_event("LogMessageEvent", "42 rows")),
    )
    follow_run(client, "r1", shown.append, 10)
    assert [event.message for event in shown] == ["started", "42 rows"]
    assert shown[0].step == "dbt_models"


def test_a_failed_run_raises_the_message_of_what_the_op_raised() -> None:
    error = {"message": "Error occurred while executing op", "causes": [{"message": "dbt: test failed\n"}]}
    event = an_event("ExecutionStepFailureEvent", "Execution failed", "ERROR", error=error)
    with pytest.raises(StackError, match="the build failed: dbt: test failed"):
        follow_run(a_webserver(a_page("FAILURE", event)), "r1", lambda shown: None, 10)


def test_a_run_that_does_not_end_is_given_up_in_time() -> None:
    with pytest.raises(StackError, match="did not end within"):
        follow_run(a_webserver(a_page("STARTED")), "r1", lambda shown: None, -1)
