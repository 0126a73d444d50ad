"""Faults that take a minute or more to be noticed and mended: not in `make test`, but in `make test-long`."""

import os
import signal
import time
from pathlib import Path

import httpx
import pytest
from conftest import Stack
from exports.exporting import ask, wait
from exports.faults import WINDOW, check_ready, order, record, wait_for_stopped
from exports.store import Store
from faults import go_on, is_live, processes_of, stopped, until

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("invariants")]


def test_a_run_that_wakes_up_while_it_is_cleaned_up_after_cannot_make_its_job_ready(
    built: Stack, store: Store, large: httpx.Client
) -> None:
    order(built, "stop: before ready")
    job_id = ask(large, "customers", WINDOW)
    run = wait_for_stopped(built)
    order(built, "stop: given back")
    until(lambda: not (built.home / "crash_point").exists(), 60, "the keeper gave nothing back")
    keeper = [process for process in wait_for_stopped(built) if process not in run]
    go_on(run)
    until(lambda: not Path(f"/proc/{run[0]}").exists(), 30, "the run goes on")
    assert record(built, job_id)["status"] == "queued"
    go_on(keeper)
    check_ready(built, store, large, job_id, attempts=2)


def test_a_primary_that_is_away_for_longer_than_a_lease_loses_no_job(
    built: Stack, store: Store, large: httpx.Client
) -> None:
    order(built, "stop: after a part")
    job_id = ask(large, "customers", WINDOW)
    run = wait_for_stopped(built)
    with stopped(built, "primary"):
        go_on(run)
        time.sleep(30)
    until(lambda: is_live(built) and large.get("/exports").status_code == 200, 60, "the API is not back")
    check_ready(built, store, large, job_id, attempts=2)


def test_a_worker_that_dies_together_with_its_run_loses_no_job(built: Stack, store: Store, large: httpx.Client) -> None:
    order(built, "stop: claimed")
    job_id = ask(large, "customers", WINDOW)
    run = wait_for_stopped(built)
    for process in [*processes_of(built, "orchestration.launcher.run_worker"), *run]:
        os.kill(process, signal.SIGKILL)
    check_ready(built, store, large, job_id, attempts=2)


def test_runs_that_die_with_their_code_server_do_not_stand_in_the_way(
    built: Stack, store: Store, large: httpx.Client
) -> None:
    with stopped(built, "exports-worker"):  # so that Dagster launches them its own way
        jobs = []
        for _ in range(2):
            order(built, "stop: claimed")
            jobs.append(ask(large, "customers", WINDOW))
            until(lambda: not (built.home / "crash_point").exists(), 60, "no run came")
        runs = wait_for_stopped(built)
        code = processes_of(built, "dagster api grpc", "orchestration.exports.definitions")
        for process in [*code, *runs]:
            os.kill(process, signal.SIGKILL)
        for job_id in jobs:
            assert wait(large, job_id, seconds=240)["status"] == "ready"
    for job_id in jobs:
        check_ready(built, store, large, job_id, attempts=2)
