"""Each check is green on a healthy stack, and red with what to do when what it looks at is broken."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from cockpit.dagster_jobs import check, figures, run_job
from conftest import Stack
from data.golden import DOMAIN

from local.home import open_home
from local.supervision import Supervisor


@contextmanager
def changed(stack: Stack, statement: str, undo: str) -> Iterator[None]:
    stack.execute(statement)
    try:
        yield
    finally:
        stack.execute(undo)


def test_checks_of_the_rollups_turn_red_with_what_to_do(built: Stack) -> None:
    with (
        changed(
            built,
            "update reports.shop_builds set as_of = as_of - interval '2 hours'",
            "update reports.shop_builds set as_of = as_of + interval '2 hours'",
        ),
        changed(
            built,
            "update reports.shop_builds set reconciled_at = coalesce(reconciled_at, now()) - interval '60 hours'",
            "update reports.shop_builds set reconciled_at = reconciled_at + interval '60 hours'",
        ),
        changed(
            built,
            "create table public.kept as table app.fx_rates; delete from app.fx_rates",
            "insert into app.fx_rates table public.kept; drop table public.kept",
        ),
    ):
        run_job(built, "check_rollups")
    late = check(built, "published_reports", "up_to_date")
    assert (late["success"], late["severity"]) == (False, "ERROR")
    assert "build_every_15_minutes" in late["description"]
    assert 120 <= figures(late)["minutes"] < 180
    unreconciled = check(built, "published_reports", "reconciled")
    assert (unreconciled["success"], unreconciled["severity"]) == (False, "ERROR")
    assert "reconcile_rollups" in unreconciled["description"]
    rates = check(built, "preorders/fx_rates", "fresh")
    assert (rates["success"], rates["severity"]) == (False, "WARN")
    assert "load_fx_rates" in rates["description"]

    built.execute("update app.orders set updated_at = now() where id = (select max(id) from app.orders)")
    built.build()
    assert check(built, "published_reports", "up_to_date")["success"]
    run_job(built, "check_rollups")
    assert check(built, "preorders/orders", "fresh")["success"]
    reasons = check(built, "published_reports", "cancel_reasons_known")
    assert 0 <= figures(reasons)["share_unknown"] <= 1


def test_a_missing_rate_is_named_with_its_day_and_currencies(built: Stack) -> None:
    run_job(built, "check_rollups")
    evaluation = check(built, "published_reports", "rates_there")
    with built.primary() as connection:
        [expected] = connection.execute(
            "select count(distinct (currency, order_currency, rate_on)) from reports.fct_missing_rates"
        )
    assert figures(evaluation)["missing"] == expected[0]
    assert evaluation["success"] == (expected[0] == 0)
    if expected[0]:
        assert "app.fx_rates" in evaluation["description"]
        with built.primary() as connection:
            shops = connection.execute(
                "select shop_name from reports.dim_shops join reports.fct_missing_rates using (shop_id)"
            ).fetchall()
        assert all(name in figures(evaluation)["rates"] for (name,) in shops)


@pytest.mark.long
def test_checks_of_the_exports_turn_red_with_what_to_do(built: Stack) -> None:
    supervisor = Supervisor(open_home(built.home))
    with built.primary() as connection:
        [shop] = connection.execute("select id from app.shops where domain = %s", [DOMAIN])
    insert = (
        "insert into service.export_jobs (job_id, shop_id, report, request, parameters, file_format, file_name,"
        " created_at, status, finished_at, error, attempt_token, leased_until) values"
        f" ('exp_00000000000000f1', '{shop[0]}', 'summary', '{{}}', '{{}}', 'csv', 'f.csv', now(), 'failed', now(),"
        " 'the file could not be stored; try again later', null, null),"
        f" ('exp_00000000000000f2', '{shop[0]}', 'summary', '{{}}', '{{}}', 'csv', 'f.csv', now() - interval '1 hour',"
        " 'queued', null, null, gen_random_uuid(), now() + interval '1 hour')"
    )
    supervisor.stop("replica")
    try:
        with changed(built, insert, "delete from service.export_jobs where job_id like 'exp_00000000000000f_'"):
            run_job(built, "check_exports", "exports")
    finally:
        supervisor.start("replica")
    replica = check(built, "reports_replica", "follows_the_primary")
    assert (replica["success"], replica["severity"]) == (False, "ERROR")
    assert "preorders status" in replica["description"]
    waiting = check(built, "export_bucket", "exports_do_not_wait")
    assert (waiting["success"], waiting["severity"]) == (False, "ERROR")
    assert figures(waiting)["longest_wait_seconds"] >= 3600
    failed = check(built, "export_bucket", "exports_succeed")
    assert not failed["success"]
    assert "could not be stored" in figures(failed)["failures"]

    await_replica(built)
    run_job(built, "check_exports", "exports")
    assert check(built, "reports_replica", "follows_the_primary")["success"]
    assert check(built, "export_bucket", "exports_do_not_wait")["success"]
    assert check(built, "export_bucket", "takes_and_serves_files")["success"]


def await_replica(stack: Stack) -> None:
    for _ in range(100):
        try:
            with psycopg.connect(stack.environment["PREORDERS_REPLICA_DSN"], connect_timeout=2):
                return
        except psycopg.OperationalError:
            pass
    pytest.fail("the replica did not come back")
