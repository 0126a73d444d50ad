"""The sensor `alerts`: tells a webhook of an incident once, and once more when it is over.

An incident is a check that is red, or a scheduled job whose last run failed. What was told lies in the sensor's cursor;
a message that could not be delivered is told at the next tick.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg
import httpx
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from orchestration.settings import optional

_TIMEOUT_SECONDS = 10
_TELLING = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]


@dataclass(frozen=True)
class State:
    """What is known of one check or job: its severity if it is red, None if it is well."""

    severity: str | None
    text: str


@dg.sensor(
    name="alerts",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tell PREORDERS_ALERT_WEBHOOK of red checks and failed jobs, once each, and when they are over.",
)
def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Compare what is red with what was told."""
    webhook = optional("PREORDERS_ALERT_WEBHOOK")
    if webhook is None:
        return dg.SkipReason("PREORDERS_ALERT_WEBHOOK is not set: nobody is told")
    told: dict[str, str] = json.loads(context.cursor or "{}")
    messages, problem = 0, ""
    for name, state in {**_checks(context), **_jobs(context)}.items():
        message = _message(name, state, told.get(name))
        if message is None:
            continue
        try:
            httpx.post(webhook, json={"text": message}, timeout=_TIMEOUT_SECONDS).raise_for_status()
        except httpx.HTTPError as error:
            problem = f"; the webhook failed: {str(error) or type(error).__name__}"
            continue
        messages += 1
        if state.severity is None:
            del told[name]
        else:
            told[name] = state.severity
    context.update_cursor(json.dumps(told))
    return dg.SkipReason(f"{messages} messages, {len(told)} incidents are open{problem}")


def _message(name: str, state: State, told: str | None) -> str | None:
    if state.severity == told:
        return None
    if state.severity is None:
        return f":white_check_mark: OVER: {name}. {state.text}"
    return f":rotating_light: {state.severity}: {name}. {state.text}"


def _checks(context: dg.SensorEvaluationContext) -> Mapping[str, State]:
    """Return the last result of each check; one that is being made now is left out."""
    assert context.repository_def is not None
    keys = context.repository_def.asset_graph.asset_check_keys
    records = context.instance.event_log_storage.get_latest_asset_check_execution_by_key(list(keys))
    states = {}
    for key, record in records.items():
        evaluation = record.evaluation
        if record.status == AssetCheckExecutionRecordStatus.PLANNED or evaluation is None:
            continue
        name = f"{key.asset_key.to_user_string()}: {key.name}"
        states[name] = State(None if evaluation.passed else evaluation.severity.value, evaluation.description or "")
    return states


def _jobs(context: dg.SensorEvaluationContext) -> Mapping[str, State]:
    """Return how the last run of each scheduled job ended; one that was cancelled tells neither of good nor of ill."""
    assert context.repository_def is not None
    address = optional("PREORDERS_DAGSTER_URL")
    states = {}
    for schedule in context.repository_def.schedule_defs:
        last = context.instance.get_runs(dg.RunsFilter(job_name=schedule.job_name, statuses=_TELLING), limit=1)
        for run in last:
            failed = run.status == dg.DagsterRunStatus.FAILURE
            page = f"{address}/runs/{run.run_id}" if address else f"run {run.run_id}"
            states[f"job {schedule.job_name}"] = State(
                "ERROR" if failed else None, f"Its last run {'failed' if failed else 'ended well'}: {page}"
            )
    return states
