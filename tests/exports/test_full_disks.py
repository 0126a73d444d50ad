"""A full disk of each server, on a small mount: the last build is served, and all goes on when there is room again."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from conftest import Stack, run_preorders
from exports.exporting import ask, wait
from faults import stopped, until
from invariants import invariants_hold

from local.database_folder import database_folder
from local.home import open_home

WINDOW = {"from": "2026-01-01", "to": "2026-03-31"}
SPARE_BYTES = 256 << 20
# 100 MiB in the table and the log: more than a full disk takes, less than it takes once it has room.
BIG = "create table public.of_a_test as select number, repeat('x', 500) from generate_series(1, 100000) as number"


def may_mount(folder: Path) -> bool:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True)
    return done.returncode == 0 and subprocess.run(["umount", folder]).returncode == 0


@pytest.fixture(autouse=True)
def _mounting(tmp_path: Path) -> None:
    if not may_mount(tmp_path):
        pytest.skip("nothing may be mounted here")


@contextmanager
def small_disk(stack: Stack, part: str, folder: Path) -> Iterator[None]:
    """Have a part's files on a disk of their own with little room."""
    aside = folder.with_name(f"{folder.name}.aside")
    with stopped(stack, part):
        folder.rename(aside)
        folder.mkdir()
        owner, size = aside.stat(), sum(file.stat().st_size for file in aside.rglob("*") if file.is_file())
        options = f"size={size + SPARE_BYTES},mode=0700,uid={owner.st_uid},gid={owner.st_gid}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
        subprocess.run(["cp", "-a", f"{aside}/.", folder], check=True)
    try:
        yield
    finally:
        with stopped(stack, part):
            shutil.rmtree(aside)
            subprocess.run(["cp", "-a", folder, aside], check=True)
            subprocess.run(["umount", folder], check=True)
            folder.rmdir()
            aside.rename(folder)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 65536)
        except OSError:
            pass
    assert os.statvfs(folder).f_bavail == 0
    try:
        yield
    finally:
        ballast.unlink()


def data_of(stack: Stack, part: str) -> Path:
    folder = database_folder(open_home(stack.home))
    assert folder is not None
    return folder / part


def build_id(client: httpx.Client) -> int:
    return int(client.get("/summary", params=WINDOW).raise_for_status().json()["freshness"]["build_id"])


@pytest.mark.long
def test_a_full_disk_of_the_primary_stops_builds_and_no_reader(built: Stack, golden: httpx.Client) -> None:
    before, data = build_id(golden), data_of(built, "primary")
    with invariants_hold(built), small_disk(built, "primary", data):
        until(lambda: golden.get("/exports").status_code == 200, 60, "the primary is not used on its small disk")
        with full(data):
            with pytest.raises(psycopg.OperationalError), built.primary() as primary:
                primary.execute(BIG)
            assert run_preorders("build", home=built.home, check=False).returncode != 0
            for _ in range(20):
                assert build_id(golden) == before
            refused = golden.post("/summary/export", json=WINDOW)
            assert refused.status_code in (202, 503), "its row may find room"
        until(lambda: golden.get("/exports").status_code == 200, 90, "the primary is not back")
        built.build()
        assert build_id(golden) >= before


@pytest.mark.long
def test_a_full_disk_of_the_replica_heals(built: Stack, golden: httpx.Client) -> None:
    data = data_of(built, "replica")
    with invariants_hold(built), small_disk(built, "replica", data):
        until(lambda: golden.get("/summary").status_code == 200, 60, "the replica is not used on its small disk")
        with full(data):
            with built.primary() as primary:
                primary.execute(BIG)
            with built.primary() as primary:
                primary.execute("drop table public.of_a_test")
            statuses = {golden.get("/summary", params=WINDOW).status_code for _ in range(50)}
            assert statuses <= {200, 503}
        until(lambda: golden.get("/summary").status_code == 200, 90, "the replica is not back")


@pytest.mark.long
def test_a_full_disk_of_the_object_store_fails_an_export_and_the_next_one_is_made(
    built: Stack, large: httpx.Client
) -> None:
    folder = open_home(built.home).s3
    with invariants_hold(built), small_disk(built, "s3", folder):
        with full(folder):
            state = wait(large, ask(large, "customers", {"from": "2026-01-01", "to": "2026-01-31"}))
            assert (state["status"], state["error"]) == ("failed", "the file could not be stored; try again later")
        again = wait(large, ask(large, "customers", {"from": "2026-01-01", "to": "2026-01-31"}))
        assert again["status"] == "ready"
