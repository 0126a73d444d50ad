"""The webhook hears of an incident once, and once more when it is over, whatever happens to it in between."""

from collections.abc import Iterator

import dagster as dg
import pytest
from cockpit.dagster_jobs import run_job
from cockpit.listener import Listener, listening
from conftest import Stack

from orchestration.alerts import alerts
from orchestration.exports.definitions import defs

FAILED = (
    "insert into service.export_jobs (job_id, shop_id, report, request, parameters, file_format, file_name, status,"
    " finished_at, error) select 'exp_00000000000000f4', id, 'summary', '{}', '{}', 'csv', 'f.csv', 'failed', now(),"
    " 'the file could not be stored; try again later' from app.shops limit 1"
)
CHECK = "export_bucket: exports_succeed"
MENDED = "delete from service.export_jobs where status = 'failed'"


@pytest.fixture
def webhook(built: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    for name, value in built.environment.items():
        monkeypatch.setenv(name, value)
    with listening() as listener:
        monkeypatch.setenv("PREORDERS_ALERT_WEBHOOK", listener.url)
        yield listener


def look(cursor: str | None) -> tuple[str | None, str]:
    """Evaluate the sensor on the stack's own instance; return its new cursor and what it says."""
    with dg.DagsterInstance.get() as instance:
        context = dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=defs.get_repository_def())
        skipped = alerts(context)
        assert isinstance(skipped, dg.SkipReason)
        return context.cursor, skipped.skip_message or ""


def test_a_job_that_is_cancelled_ends_no_incident(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as webhook, dg.DagsterInstance.ephemeral() as instance:
        monkeypatch.setenv("PREORDERS_ALERT_WEBHOOK", webhook.url)
        monkeypatch.delenv("PREORDERS_DAGSTER_URL", raising=False)
        cursor, told = None, []
        for status in ("SUCCESS", "FAILURE", "CANCELED", "FAILURE", "SUCCESS"):
            run = dg.DagsterRun("check_exports", status=dg.DagsterRunStatus(status))
            instance.add_run(run)
            context = dg.build_sensor_context(
                instance=instance, cursor=cursor, repository_def=defs.get_repository_def()
            )
            alerts(context)
            cursor = context.cursor
            told.append([message["text"].split(": ")[1] for message in webhook.posted])
            webhook.posted.clear()
    assert told == [[], ["ERROR"], [], [], ["OVER"]]


def test_an_incident_is_told_once_and_its_end_once(
    built: Stack, webhook: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    built.execute(MENDED)
    run_job(built, "check_exports", "exports")
    cursor, _ = look(None)
    assert not any(CHECK in message["text"] for message in webhook.posted)
    webhook.posted.clear()  # what else is red, other tests have left

    built.execute(FAILED)
    run_job(built, "check_exports", "exports")
    webhook.refuses = True
    cursor, said = look(cursor)
    assert "the webhook failed" in said and webhook.posted == [] and CHECK not in (cursor or "")

    webhook.refuses = False
    cursor, _ = look(cursor)
    cursor, _ = look(cursor)
    [message] = [one["text"] for one in webhook.posted]
    assert CHECK in message and "To do: " in message and CHECK in (cursor or "")

    built.execute(MENDED)
    run_job(built, "check_exports", "exports")
    cursor, _ = look(cursor)
    cursor, _ = look(cursor)
    assert webhook.posted[1]["text"].startswith(f":white_check_mark: OVER: {CHECK}")
    assert len(webhook.posted) == 2 and CHECK not in (cursor or "")

    monkeypatch.delenv("PREORDERS_ALERT_WEBHOOK")
    assert "nobody is told" in look(cursor)[1]
