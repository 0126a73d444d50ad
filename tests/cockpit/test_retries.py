"""A build whose connection is lost is tried again by itself; one whose model is wrong is not."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from cockpit.dagster_jobs import run_job
from conftest import Stack

WAITING = """
    select pid from pg_stat_activity
    where usename = 'preorders_dbt' and wait_event_type = 'Lock' and query like '%int_shops_frozen%'
"""


@pytest.mark.long
def test_a_build_whose_connection_is_lost_is_tried_again(built: Stack) -> None:
    with ThreadPoolExecutor(1) as launches, built.primary() as locking, built.primary() as watching:
        watching.autocommit = True
        locking.execute("lock table app.shops in access exclusive mode")
        build = launches.submit(run_job, built, "build_rollups")
        deadline = time.monotonic() + 60
        while (waiting := watching.execute(WAITING.encode()).fetchone()) is None:
            assert time.monotonic() < deadline and not build.done()
            time.sleep(0.05)
        watching.execute("select pg_terminate_backend(%s)", waiting)
        locking.rollback()
        log = build.result()
    assert 'Execution of step "dbt_models" failed and has requested a retry' in log
