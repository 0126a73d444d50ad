"""Running dbt inside this process, event by event."""

import queue
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import EventMsg
from google.protobuf.json_format import MessageToDict

from orchestration.rollups.dbt_project import dbt_folders, parse

RESULT_LINES = {"LogModelResult", "LogSeedResult", "LogTestResult", "LogNodeResult"}
_EVENTS = {*RESULT_LINES, "NodeFinished"}


# A database that is away or restarts comes back within the minutes that these take; a wrong model stays wrong.
RETRIES = dg.RetryPolicy(max_retries=4, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
_PASSING = (
    "connection to server", "server closed the connection", "terminating connection", "the database system is",
    "deadlock detected", "due to lock timeout", "connection already closed",
)  # fmt: skip

_parsed: Manifest | None = None


def keep_parsed() -> None:
    """Parse the project for all builds of this process and its forks; without it dbt reads its own copy each time."""
    global _parsed
    _parsed = parse()


def run_dbt(full_refresh: bool = False, names: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Build models and yield dbt's events while it works.

    Args:
        full_refresh: make the models anew instead of moving them by what changed.
        names: only these.

    Raises:
        dg.Failure: dbt failed; the description names what failed and why.
    """
    # unit tests say something of the code, not of the data: they are for whoever changes the code
    arguments = ["--log-level-file", "none", "build", "--exclude-resource-type", "unit_test", *dbt_folders()]
    arguments += ["--no-write-json"]  # the manifest is as it was parsed, and writing it takes half a second
    arguments += ["--full-refresh"] if full_refresh else []
    arguments += ["--select", *names] if names else []
    events: queue.Queue[dict[str, Any] | dbtRunnerResult] = queue.Queue()

    def put(event: EventMsg) -> None:
        # dbt tells thousands of things; turning all of them into dicts took seconds of a build
        if event.info.name in _EVENTS:
            events.put(MessageToDict(event, preserving_proto_field_name=True))

    # A daemon: when the run is ended, its process must not wait for dbt.
    threading.Thread(target=lambda: events.put(dbtRunner(_parsed, [put]).invoke(arguments)), daemon=True).start()
    while isinstance(event := events.get(), dict):
        yield event
    if not event.success:
        failures = _failures(event)
        raise dg.Failure(f"dbt failed: {failures}", allow_retries=any(sign in failures for sign in _PASSING))


def source_freshness() -> Sequence[Any]:
    """Have dbt compare the newest row of each source with what is allowed, and return its results.

    Raises:
        dg.Failure: dbt could not look.
    """
    with TemporaryDirectory() as folder:
        arguments = ["--quiet", "--log-level-file", "none", "source", "freshness", *dbt_folders()]
        done = dbtRunner(_parsed).invoke([*arguments, "--output", str(Path(folder) / "sources.json")])
    if done.exception is not None:
        raise dg.Failure(f"dbt cannot look at the sources: {done.exception}")
    results: Sequence[Any] = getattr(done.result, "results", [])
    return results


def _failures(result: dbtRunnerResult) -> str:
    if result.exception is not None:
        return str(result.exception)
    broken = [node for node in getattr(result.result, "results", []) if node.status in ("error", "fail")]
    return "; ".join(f"{node.node.name}: {node.message}" for node in broken)
