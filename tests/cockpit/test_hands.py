"""Jobs for hands: a dry run changes nothing and tells what would be done; wrong configuration is refused."""

import asyncio
import subprocess
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from cockpit.dagster_jobs import run_job
from conftest import PREORDERS, Stack
from data.golden import DOMAIN
from exports.exporting import ask, wait

from api.exports.health import last_hour
from local.errors import StackError
from orchestration.rollups.rebuilding import Rebuilding

SHOP = "shop-1.example"


def shop_of(stack: Stack, domain: str) -> UUID:
    return value(stack, f"select id from app.shops where domain = '{domain}'")


def value(stack: Stack, query: str) -> Any:
    with stack.primary() as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def test_the_orders_of_a_shop_and_window_are_rebuilt(built: Stack) -> None:
    shop = shop_of(built, SHOP)
    first = value(built, f"select min(entry_on) from analytics.fct_ledger where shop_id = '{shop}'")
    last = first + timedelta(days=20)
    chosen = {"shop_id": str(shop), "first_day": str(first), "last_day": str(last), "rebuild": True}
    config: dict[str, Any] = {"ops": {"dbt_models": {"config": {**chosen, "dry_run": True}}}}
    dry = run_job(built, "rebuild_orders", config=config)
    orders = value(
        built,
        "select count(distinct order_id) from (select shop_id, order_id, entry_on from analytics.fct_ledger union all"
        " select shop_id, orders.id, (placed_at at time zone timezone)::date"
        " from app.orders inner join app.shops on shops.id = shop_id) as known"
        f" where shop_id = '{shop}' and entry_on between '{first}' and '{last}'",
    )
    assert orders > 0
    assert f"would compute anew {orders} orders of shop {shop}" in dry
    assert value(built, "select count(*) from analytics.orders_marked") == 0

    config["ops"]["dbt_models"]["config"]["dry_run"] = False
    assert f"{orders} orders are marked" in run_job(built, "rebuild_orders", config=config)
    assert value(built, "select count(*) from analytics.int_orders_changed") >= orders
    assert value(built, "select count(*) from analytics.orders_marked") == 0


def test_an_order_that_the_ledger_lost_is_marked_by_its_local_day(built: Stack) -> None:
    with built.primary() as connection, connection.transaction(force_rollback=True):
        [(shop, order)] = connection.execute(
            "select shop_id, orders.id from app.orders inner join app.shops on shops.id = shop_id"
            " where timezone = 'America/New_York' and not test and deleted_at is null limit 1"
        ).fetchall()
        connection.execute(
            "update app.orders set placed_at = timestamp '1999-12-31 23:30' at time zone 'America/New_York'"
            " where id = %s",
            [order],
        )
        connection.execute("delete from analytics.fct_ledger where order_id = %s", [order])
        days = [Rebuilding(shop, day, day).count(connection) for day in ("1999-12-31", "2000-01-01")]
    assert days == [[(shop, 1)], []]


def test_a_window_that_ends_before_it_begins_is_refused(built: Stack) -> None:
    config = {"ops": {"dbt_models": {"config": {
        "rebuild": True, "first_day": "2026-02-01", "last_day": "2026-01-01", "dry_run": True,
    }}}}  # fmt: skip
    with pytest.raises(StackError, match="after last_day"):
        run_job(built, "rebuild_orders", config=config)


def manage(stack: Stack, **config: Any) -> str:
    return run_job(stack, "manage_exports", "exports", {"ops": {"do_to_exports": {"config": config}}})


def failures(stack: Stack) -> int:
    async def ask_records() -> int:
        connection = await asyncpg.connect(stack.environment["PREORDERS_PRIMARY_DSN"])
        try:
            return (await last_hour(connection)).failed
        finally:
            await connection.close()

    return asyncio.run(ask_records())


def test_exports_are_made_again_and_cancelled(built: Stack, golden: httpx.Client) -> None:
    job_id = ask(golden, "summary", {"from": "2026-01-01", "to": "2026-03-31"})
    assert wait(golden, job_id)["status"] == "ready"
    with pytest.raises(StackError, match="has not failed"):
        manage(built, action="MAKE_AGAIN", job_ids=[job_id], dry_run=False)
    with built.primary() as connection:
        connection.execute(
            "update service.export_jobs set status = 'failed', error = 'e', object_key = null, build_id = null,"
            " row_count = null, size_bytes = null, sha256 = null where job_id = %s",
            [job_id],
        )
    failed = failures(built)
    assert "would make_again" in manage(built, action="MAKE_AGAIN", job_ids=[job_id])
    done = manage(built, action="MAKE_AGAIN", job_ids=[job_id], dry_run=False)
    again = done.split("made again as ")[1][:20]
    assert wait(golden, again)["status"] == "ready"
    assert failures(built) == failed - 1, "the check exports_succeed counts what nobody has mended"
    with pytest.raises(StackError, match="was made again"):
        manage(built, action="MAKE_AGAIN", job_ids=[job_id], dry_run=False)

    with built.primary() as connection:
        connection.execute(
            "insert into service.export_jobs (job_id, shop_id, report, request, parameters, file_format, file_name,"
            " attempt_token, leased_until) select 'exp_00000000000000f3', id, 'summary', '{}', '{}', 'csv', 'f.csv',"
            " gen_random_uuid(), now() + interval '1 hour' from app.shops where domain = %s",
            [DOMAIN],
        )
    assert "cancelled" in manage(built, action="CANCEL", shop_id=str(shop_of(built, DOMAIN)), dry_run=False)
    assert value(built, "select status from service.export_jobs where job_id = 'exp_00000000000000f3'") == "cancelled"
    with built.primary() as connection:
        connection.execute("delete from service.export_jobs where job_id = 'exp_00000000000000f3'")


def test_a_key_is_rotated_without_showing_it_to_dagster(built: Stack) -> None:
    first = built.key(SHOP)
    shown = subprocess.run([*PREORDERS, "keys", "generate"], capture_output=True, text=True, check=True).stdout
    made = dict(line.split() for line in shown.splitlines()[-3:])
    config = {"shop_id": str(shop_of(built, SHOP)), "key_sha256": made["key_sha256"], "hint": made["hint"]}

    def rotate(**more: Any) -> str:
        return run_job(built, "rotate_key", "exports", {"ops": {"rotate_shop_key": {"config": {**config, **more}}}})

    assert f"({first[:10]})" in rotate()
    assert built.anonymous(headers={"X-Auth-Token": made["key"]}).get("/summary").status_code == 401
    log = rotate(grace_hours=1, dry_run=False)
    assert made["key"] not in log and first not in log
    for key in (first, made["key"]):
        assert built.anonymous(headers={"X-Auth-Token": key}).get("/summary").status_code == 200
    ends = value(
        built,
        "select bool_and(expires_at <= now() + interval '1 hour') from service.api_keys as keys"
        f" where shop_id = '{config['shop_id']}' and hint <> '{made['hint']}' and revoked_at is null",
    )
    assert ends is True
    built.keys.pop(SHOP, None)  # it ends within an hour
    with pytest.raises(StackError, match="there already"):
        rotate(dry_run=False)


def test_a_customer_is_redacted_in_reports_and_exports_before_the_next_build(built: Stack) -> None:
    client = built.client("shop-2.example")
    shop = shop_of(built, "shop-2.example")
    listed = {"from": "2020-01-01", "to": "2030-12-31", "per_page": "200"}
    rows = client.get("/customers", params=listed).raise_for_status().json()["customers"]
    customer, email = next((row["customer_id"], row["email"]) for row in rows if row["email"] is not None)
    config = {"shop_id": str(shop), "customer_id": customer}

    def redact(**more: Any) -> str:
        return run_job(built, "redact_customer", config={"ops": {"redact_in_reports": {"config": {**config, **more}}}})

    with pytest.raises(StackError, match="set redacted_at"):
        redact(dry_run=False)
    with pytest.raises(StackError, match="has no customer 123456789: nothing was done"):
        redact(customer_id=123_456_789)
    job_id, forgotten, without_names = (ask(client, report, {}) for report in ("customers", "customers", "by_offer"))
    address, forgotten_address, kept_address = (
        wait(client, one)["download_url"] for one in (job_id, forgotten, without_names)
    )
    with built.primary() as connection:
        connection.execute("update app.customers set redacted_at = now(), updated_at = now() where id = %s", [customer])
        # as a day after its end: the address works for six more
        connection.execute("delete from service.export_jobs where job_id = %s", [forgotten])
    said = redact()
    assert f"would end the ready export {job_id}" in said and f"/{forgotten}/" in said
    assert [httpx.get(one).status_code for one in (address, forgotten_address)] == [200, 200]
    redact(dry_run=False)
    assert [httpx.get(one).status_code for one in (address, forgotten_address)] == [404, 404]
    assert httpx.get(kept_address).status_code == 200
    assert client.get(f"/exports/{job_id}").status_code == 404
    time.sleep(1.5)  # an answer in memory is told for half a second more, behind the replica's lag
    assert email not in client.get("/customers", params=listed).raise_for_status().text
    name = f"select coalesce(email, customer_name) from reports.dim_customers where customer_id = {customer}"
    assert value(built, f"{name} and shop_id = '{shop}'") is None
