"""Launching Dagster's jobs as a person does in its page, and reading what their checks say."""

from typing import Any

from conftest import Stack

from api.exports.launch import LAUNCH, launch_params, launched_run_id
from local.dagster_graphql import DagsterClient
from local.runs import follow_run

_CHECK = """
query Check($key: AssetKeyInput!, $name: String!) { assetCheckExecutions(assetKey: $key, checkName: $name, limit: 1) {
    evaluation { success severity description metadataEntries {
        label
        ... on MarkdownMetadataEntry { mdStr }
        ... on FloatMetadataEntry { floatValue }
        ... on IntMetadataEntry { intValue }
    } }
} }
"""


def run_job(stack: Stack, job: str, location: str = "rollups", config: dict[str, Any] | None = None) -> str:
    """Launch a job, wait until it has succeeded, and return what it logged.

    Raises:
        StackError: it failed.
    """
    dagster = DagsterClient(stack.environment["PREORDERS_DAGSTER_URL"])
    run_id = launched_run_id(dagster.ask(LAUNCH, params=launch_params(location, job, config or {})))
    messages: list[str] = []
    follow_run(dagster, run_id, lambda event: messages.append(event.message), 240)
    return "\n".join(messages)


def check(stack: Stack, asset: str, name: str) -> dict[str, Any]:
    """Return the last evaluation of a check; the path of its asset has slashes."""
    dagster = DagsterClient(stack.environment["PREORDERS_DAGSTER_URL"])
    found = dagster.ask(_CHECK, key={"path": asset.split("/")}, name=name)["assetCheckExecutions"]
    evaluation: dict[str, Any] = found[0]["evaluation"]
    return evaluation


def figures(evaluation: dict[str, Any]) -> dict[str, Any]:
    """Return an evaluation's metadata by label."""
    kinds = ("floatValue", "intValue", "mdStr")
    return {
        entry["label"]: next((entry[kind] for kind in kinds if kind in entry), None)
        for entry in evaluation["metadataEntries"]
    }
