"""The job `redact_customer`, for hands: a customer's name and e-mail leave the reports and the exports now.

The next build does it anyway, and new exports are without them; this does it while builds fail or are long.
"""

import asyncio
from uuid import UUID

import dagster as dg
import psycopg
from pydantic import Field

from api.exports.attempts import objects_prefix
from api.exports.by_hand import cancel_unfinished, forget_ready, jobs_of_reports
from api.exports.object_store import export_bucket, s3_client
from api.exports.request import report_of
from api.reports.registry import REPORTS
from orchestration.exports.databases import job_records
from orchestration.exports.leftovers import remove_attempt, stored_objects
from orchestration.hands import DRY_RUN, ShopId
from orchestration.rollups.build_lock import publisher_dsn
from orchestration.rollups.publish import stamp_change_by_hand


class RedactCustomerConfig(dg.Config):
    """Which customer."""

    shop_id: ShopId = Field(min_length=1)
    customer_id: int = Field(description="As in app.customers, where redacted_at must be set first.")
    dry_run: bool = DRY_RUN


@dg.op
def redact_in_reports(context: dg.OpExecutionContext, config: RedactCustomerConfig) -> None:
    """Take name and e-mail out of the served table, then out of the object store."""
    customer = {"shop": config.shop_id, "customer": config.customer_id}
    with psycopg.connect(publisher_dsn(), autocommit=True) as connection:
        source = connection.execute(
            "select email is null and customer_name is null from analytics.dim_customers"
            " where shop_id = %(shop)s and customer_id = %(customer)s",
            customer,
        ).fetchone()
        if source == (False,):
            raise dg.Failure(
                "the application has not redacted this customer: set redacted_at in app.customers first, or the next"
                " build brings the name back",
                allow_retries=False,
            )
        served = connection.execute(
            "select email is not null or customer_name is not null from reports.dim_customers"
            " where shop_id = %(shop)s and customer_id = %(customer)s",
            customer,
        ).fetchone()
        if source is None and served is None:
            raise dg.Failure(
                f"shop {config.shop_id} has no customer {config.customer_id}: nothing was done", allow_retries=False
            )
        is_shown = served == (True,)
        context.log.info("the reports show the customer's name" if is_shown else "the reports show no name")
        if not config.dry_run and is_shown:
            with connection.transaction():
                connection.execute(
                    "update reports.dim_customers set email = null, customer_name = null"
                    " where shop_id = %(shop)s and customer_id = %(customer)s",
                    customer,
                )
                stamp_change_by_hand(connection, UUID(config.shop_id))
    asyncio.run(_remove_exports(context, UUID(config.shop_id), config.dry_run))


@dg.job(
    executor_def=dg.in_process_executor,
    tags={"dagster/max_runtime": "600"},
    description="By hand: take a redacted customer's name out of the reports and of the stored exports now.",
)
def redact_customer() -> None:
    """One op."""
    redact_in_reports()


async def _remove_exports(context: dg.OpExecutionContext, shop_id: UUID, dry_run: bool) -> None:
    """Remove the shop's files with customers' names; unfinished ones are cancelled, and clean up by themselves."""
    reports = [report.name for report in REPORTS.values() if report.exports_persons]
    async with job_records() as records:
        for job in await jobs_of_reports(records, shop_id, reports):
            context.log.info(f"{'would end' if dry_run else 'ending'} the {job.status} export {job.job_id}")
            if dry_run:
                continue
            if job.object_key is not None:
                await forget_ready(records, job)
            elif not await cancel_unfinished(records, job):
                raise dg.Failure(f"{job.job_id} has ended meanwhile: launch this once more", allow_retries=False)
    await asyncio.to_thread(_remove_files, context, shop_id, reports, dry_run)


def _remove_files(context: dg.OpExecutionContext, shop_id: UUID, reports: list[str], dry_run: bool) -> None:
    """Remove what the store has: a file and its address outlive the job's record by days."""
    client, bucket = s3_client(), export_bucket()
    for stored in stored_objects(client, bucket, objects_prefix(shop_id)):
        if report_of(stored.key.rpartition("/")[2]) in reports:
            context.log.info(f"{'would remove' if dry_run else 'removing'} the file {stored.key}")
            if not dry_run:
                remove_attempt(client, bucket, stored.key)
