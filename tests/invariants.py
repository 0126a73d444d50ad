"""What must be true once a fault is over, whatever it was (spec: reliability.md, Invariants)."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import httpx
import psycopg
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import Stack
from faults import until
from psycopg.rows import dict_row

from local.home import open_home
from local.status import part_statuses
from orchestration.rollups.reconciliation import months_differing

SETTLES_WITHIN = 90
LITTLE_LAG_SECONDS = 5
# Of one shop in one currency: what each published rollup gives for all history. All of them must agree.
TOTALS = """
    select count(distinct total), array_agg(total)
    from (
        select (sum(units), sum(cancelled_revenue_minor), sum(events))::text as total
        from reports.rollup_variants_daily where shop_id = %(shop)s and currency = %(currency)s
        union all
        select (sum(units), sum(cancelled_revenue_minor), sum(events))::text
        from reports.rollup_variants_weekly where shop_id = %(shop)s and currency = %(currency)s
        union all
        select (sum(units), sum(cancelled_revenue_minor), sum(events))::text
        from reports.rollup_variants_monthly where shop_id = %(shop)s and currency = %(currency)s
    ) as totals
"""
IS_ONE_BUILD = """
    select
        (select sum(balances_outstanding_minor) from reports.rollup_balances_daily
            where shop_id = %(shop)s and currency = %(currency)s)
        is not distinct from
        (select sum(balances_outstanding_minor) from reports.rollup_variants_monthly
            where shop_id = %(shop)s and currency = %(currency)s)
"""
SHOPS = "select distinct shop_id, currency from reports.rollup_variants_monthly order by 1, 2"
RESIDUE = """
    select 'a backend of ' || usename from pg_stat_activity where usename = 'preorders_dbt'
    union all
    select 'a transaction of ' || usename || ' that is idle' from pg_stat_activity
    where state like 'idle in transaction%' and state_change < now() - interval '10 seconds'
    union all
    select 'the temporary table ' || relname from pg_class where relpersistence = 't'
    union all
    select 'the prepared transaction ' || gid from pg_prepared_xacts
    union all
    select 'an advisory lock' from pg_locks where locktype = 'advisory'
"""


@contextmanager
def invariants_hold(stack: Stack) -> Iterator[None]:
    """Let something happen; then all must be well again without a hand (I9), and nothing lost, wrong or left over."""
    before = Before(stack)
    yield
    assert before.broken() == []


class Before:
    """What was there before a fault, to compare with."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._parts = {part.name for part in part_statuses(open_home(stack.home)) if part.is_up}
        with stack.primary() as primary:
            [(self._began,)] = primary.execute("select now()").fetchall()
            self._builds = _builds(primary)

    def broken(self) -> list[str]:
        """Wait until all has settled, and return what doesn't hold."""
        until(self.is_well, SETTLES_WITHIN, "I9: the parts are not well by themselves")
        until(lambda: not self._unfinished(), SETTLES_WITHIN, "I1: exports have not ended")
        until(lambda: not self._residue(), SETTLES_WITHIN, f"I10: left over are {self._residue()}")
        return [*self._wrong_files(), *self._wrong_totals(), *self._older_builds()]

    def is_well(self) -> bool:
        """Whether every part that ran before runs, reports can be read, and the replica follows (I9)."""
        if self._parts - {part.name for part in part_statuses(open_home(self._stack.home)) if part.is_up}:
            return False
        try:
            host = self._stack.environment["PREORDERS_API_URL"]
            httpx.get(f"{host}/health/ready", timeout=5).raise_for_status()
            with psycopg.connect(self._stack.environment["PREORDERS_REPLICA_DSN"]) as replica:
                query = "select clock_timestamp() - beat_at < make_interval(secs => %s) from service.heartbeat"
                return replica.execute(query, [LITTLE_LAG_SECONDS]).fetchone() == (True,)
        except (httpx.HTTPError, psycopg.Error):
            return False

    def _unfinished(self) -> list[Any]:
        return [job for job in self._jobs() if job["finished_at"] is None or job["attempt_token"] is not None]

    def _jobs(self) -> list[dict[str, Any]]:
        with self._stack.primary() as primary:
            query = "select * from service.export_jobs where created_at >= %s"
            return primary.cursor(row_factory=dict_row).execute(query, [self._began]).fetchall()

    def _residue(self) -> list[str]:
        with self._stack.primary() as primary:
            return [what for (what,) in primary.execute(RESIDUE).fetchall()]

    def _wrong_files(self) -> Iterator[str]:
        """I2 and I3: a ready job's object is what its record says; of another one there is nothing."""
        store = Objects(self._stack)
        for job in self._jobs():
            keys = store.keys(job["job_id"])
            if job["status"] != "ready":
                if keys:
                    yield f"I3: {job['job_id']} is {job['status']}, and has {keys}"
            elif keys != [job["object_key"]]:
                yield f"I2: {job['job_id']} is ready, and has {keys}"
            elif store.figures(keys[0]) != (job["size_bytes"], job["sha256"]):
                yield f"I2: the file of {job['job_id']} is not what its record says"

    def _wrong_totals(self) -> Iterator[str]:
        """I5: rollups equal one another and the ledger, the ledger the source."""
        yield from self.differing_rollups()
        with self._stack.primary() as primary:
            yield from (f"I5: {difference}" for side in months_differing(primary) for difference in side)

    def differing_rollups(self) -> list[str]:
        """Return where rollups on the replica contradict one another, at any moment."""
        found = []
        with psycopg.connect(self._stack.environment["PREORDERS_REPLICA_DSN"], autocommit=True) as replica:
            for shop, currency in replica.execute(SHOPS).fetchall():
                scope = {"shop": shop, "currency": currency}
                [(different, totals)] = replica.execute(TOTALS, scope).fetchall()
                if different > 1 or replica.execute(IS_ONE_BUILD, scope).fetchone() != (True,):
                    found.append(f"I5: the rollups of {shop} in {currency} differ: {totals}")
        return found

    def _older_builds(self) -> Iterator[str]:
        """I6."""
        with self._stack.primary() as primary:
            after = _builds(primary)
        for shop_id, build_id in self._builds.items():
            if after.get(shop_id, 0) < build_id:
                yield f"I6: {shop_id} shows build {after.get(shop_id)} after {build_id}"


class Objects:
    """What lies in the store of exports."""

    def __init__(self, stack: Stack) -> None:
        self._bucket = stack.environment["PREORDERS_S3_BUCKET"]
        self._client = boto3.client(
            "s3",
            endpoint_url=stack.environment["PREORDERS_S3_ENDPOINT"],
            aws_access_key_id=stack.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=stack.environment["AWS_SECRET_ACCESS_KEY"],
            region_name=stack.environment["AWS_REGION"],
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )

    def keys(self, job_id: str) -> list[str]:
        """Return the keys of a job's objects and, marked so, of its unfinished uploads."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix="exports/")
        found = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return [key for key in [*found, *self._uploads()] if f"/{job_id}/" in key]

    def figures(self, key: str) -> tuple[int, str]:
        """Return an object's length and SHA-256."""
        body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return len(body), hashlib.sha256(body).hexdigest()

    def _uploads(self) -> list[str]:
        try:
            found = self._client.list_multipart_uploads(Bucket=self._bucket, Prefix="exports/").get("Uploads", [])
        except ClientError:  # rclone's answer for a bucket that never had one
            return []
        return [f"unfinished: {upload['Key']}" for upload in found]


def _builds(primary: psycopg.Connection) -> dict[Any, int]:
    return dict(primary.execute("select shop_id, build_id from reports.shop_builds").fetchall())
