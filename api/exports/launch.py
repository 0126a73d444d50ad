"""Launching Dagster runs by the webserver's GraphQL. An export's run carries its job's id, and nothing personal."""

from collections.abc import Mapping
from typing import Any

import httpx

from api.exports.jobs import ExportJob

JOB_TAG, LAUNCH_TAG = "preorders/export_job", "preorders/export_launch"
EXPORT_JOB, EXPORTS_LOCATION, EXPORT_OP = "export_report", "exports", "write_export"
REPOSITORY = "__repository__"
LAUNCH = """
mutation Launch($params: ExecutionParams!) { launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PipelineNotFoundError { message }
    ... on InvalidSubsetError { message }
    ... on ConflictingExecutionParamsError { message }
    ... on PresetNotFoundError { message }
    ... on RunConflict { message }
    ... on UnauthorizedError { message }
    ... on PythonError { message }
} }
"""
_SECONDS = 10


class LaunchRefused(Exception):
    """Dagster did not launch a run; the message says why."""


def run_config(job_id: str) -> dict[str, Any]:
    """Return the configuration of an export's run."""
    return {"ops": {EXPORT_OP: {"config": {"job_id": job_id}}}}


def run_tags(job_id: str, shop_id: object, jobs_before: int, launch: int = 0) -> dict[str, str]:
    """Return the tags of an export's run, by which the queue limits and orders them (orchestration/dagster.yaml).

    The more a shop has waiting, the later its next one's turn: the first of another shop goes before them.
    """
    return {
        JOB_TAG: job_id,
        LAUNCH_TAG: str(launch),
        "preorders/export": "csv",
        "preorders/export_shop": str(shop_id),
        "dagster/priority": str(-jobs_before),
        "dagster/max_runtime": "7200",
    }


def launch_params(
    location: str, job: str, config: Mapping[str, Any], tags: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the mutation's variable."""
    return {
        "selector": {"repositoryLocationName": location, "repositoryName": REPOSITORY, "jobName": job},
        "runConfigData": config,
        "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in (tags or {}).items()]},
    }


def launched_run_id(data: Mapping[str, Any]) -> str:
    """Return the id of the launched run out of the mutation's data.

    Raises:
        LaunchRefused: there is none.
    """
    answer = data["launchRun"]
    if answer["__typename"] != "LaunchRunSuccess":
        reasons = [error["message"] for error in answer.get("errors", [])] or [answer.get("message", "")]
        raise LaunchRefused("; ".join(reasons) or answer["__typename"])
    return str(answer["run"]["runId"])


async def launch_export(client: httpx.AsyncClient, job: ExportJob) -> str:
    """Put an export's run into Dagster's queue, and return its id.

    Raises:
        httpx.HTTPError: the webserver cannot be reached, or failed.
        LaunchRefused: it refused.
    """
    tags = run_tags(job.job_id, job.shop_id, job.jobs_before)
    params = launch_params(EXPORTS_LOCATION, EXPORT_JOB, run_config(job.job_id), tags)
    response = await client.post("/graphql", json={"query": LAUNCH, "variables": {"params": params}}, timeout=_SECONDS)
    body = response.raise_for_status().json()
    if not body.get("data"):
        raise LaunchRefused("; ".join(error["message"] for error in body.get("errors") or []) or "an empty answer")
    return launched_run_id(body["data"])
