"""The job `manage_exports`, for hands: cancel exports that have not ended, or make those again that left no file."""

import asyncio
from enum import Enum

import asyncpg
import dagster as dg
from pydantic import Field

from api.exports.by_hand import ChosenJob, cancel_unfinished, make_again, unfinished_jobs, unmade_jobs
from orchestration.exports.databases import job_records
from orchestration.hands import DRY_RUN, ShopId, as_uuid


class Action(Enum):
    """What to do to exports."""

    CANCEL = "cancel"
    MAKE_AGAIN = "make_again"


class ManageExportsConfig(dg.Config):
    """Which exports, and what to do to them."""

    action: Action = Field(
        description="CANCEL: those that have not ended. MAKE_AGAIN: those that failed or were cancelled, once."
    )
    job_ids: list[str] = Field(default=[], description="Only these, like exp_0123456789abcdef; empty: all.")
    shop_id: ShopId = Field(default="", description="Only this shop's; empty: every shop's.")
    dry_run: bool = DRY_RUN


@dg.op
def do_to_exports(context: dg.OpExecutionContext, config: ManageExportsConfig) -> None:
    """Do it to one job after the other, and tell of each."""
    asyncio.run(_do(context, config))


@dg.job(
    executor_def=dg.in_process_executor,
    tags={"dagster/max_runtime": "600"},
    description="By hand: cancel exports that have not ended, or have those that failed or were cancelled made again as"
    " new jobs.",
)
def manage_exports() -> None:
    """One op."""
    do_to_exports()


async def _do(context: dg.OpExecutionContext, config: ManageExportsConfig) -> None:
    is_cancelling = config.action == Action.CANCEL
    async with job_records() as records:
        choose = unfinished_jobs if is_cancelling else unmade_jobs
        chosen = await choose(records, config.job_ids, as_uuid(config.shop_id))
        if missing := set(config.job_ids) - {job.job_id for job in chosen}:
            state = "has ended" if is_cancelling else "has not failed, or was made again"
            refused = f"{', '.join(sorted(missing))} {state}, or is not known"
            raise dg.Failure(f"nothing was done: {refused}", allow_retries=False)
        for position, job in enumerate(chosen, 1):
            done = f"would {config.action.value}" if config.dry_run else await _do_to(job, records, is_cancelling)
            context.log.info(f"{position} of {len(chosen)}: {job.job_id} ({job.report}, {job.status}): {done}")
    context.add_output_metadata({"exports": len(chosen), "dry_run": config.dry_run})


async def _do_to(job: ChosenJob, records: asyncpg.Pool, is_cancelling: bool) -> str:
    if is_cancelling:
        return "cancelled" if await cancel_unfinished(records, job) else "had ended meanwhile"
    return f"made again as {await make_again(records, job)}"
