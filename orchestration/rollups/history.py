"""How long Dagster remembers: runs, their events and logs are removed after some weeks, or its database grows for ever.

dbt leaves nothing behind: builds run inside their run's process and write one target folder, over and over.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg
from pydantic import Field

from orchestration.run_statuses import ENDED

_AT_ONCE = 100


class HistoryConfig(dg.Config):
    """What is old, and how much of it to remove in one run."""

    keep_days: int = Field(default=30, ge=1, description="Runs that were created earlier are removed.")
    most_runs: int = Field(default=5000, ge=1, description="The others are left to the next time.")
    dry_run: bool = Field(default=False, description="Only count.")


@dg.op
def remove_old_runs(context: dg.OpExecutionContext, config: HistoryConfig) -> None:
    """Remove the oldest ended runs by Dagster's own means, with what they logged."""
    filters = dg.RunsFilter(statuses=ENDED, created_before=datetime.now(UTC) - timedelta(days=config.keep_days))
    found = context.instance.get_runs_count(filters)
    context.log.info(f"{found} runs are older than {config.keep_days} days")
    removed = 0
    while not config.dry_run and removed < min(found, config.most_runs):
        records = context.instance.get_run_records(
            filters, limit=min(_AT_ONCE, config.most_runs - removed), ascending=True
        )
        if not records:
            break
        for record in records:
            run_id = record.dagster_run.run_id
            context.instance.compute_log_manager.delete_logs(prefix=[run_id])
            context.instance.delete_run(run_id)
        removed += len(records)
        context.log.info(f"{removed} of {found} removed")
    context.add_output_metadata({"runs_old": found, "runs_removed": removed})


@dg.job(
    executor_def=dg.in_process_executor,
    description="Remove runs of more than 30 days, with their events and logs.",
    tags={"dagster/max_runtime": "3600"},
)
def remove_old_history() -> None:
    """One op."""
    remove_old_runs()


remove_old_history_every_morning = dg.ScheduleDefinition(
    name="remove_old_history_every_morning",
    job=remove_old_history,
    description=remove_old_history.description,
    cron_schedule="40 4 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
