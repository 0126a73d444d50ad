"""Starting, stopping and starting again: what is kept, what is left, and what heals."""

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local.database_folder import database_folder
from local.home import open_home
from local.ports import PortClaims, choose_ports, is_free
from local.postgres_settings import SLOT
from local.processes import ports_of_others
from local.supervision import Supervisor
from tests.local.stack_under_test import StackUnderTest

MakeStack = Callable[[str], StackUnderTest]


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> StackUnderTest:
    return make_stack("home")


def test_up_again_finds_its_data_and_down_leaves_nothing(stack: StackUnderTest) -> None:
    stack.up()
    stack.do("PREORDERS_PRIMARY_DSN", "create table public.kept as select 'still here' as word")
    settings = stack.settings()
    stack.run("down")
    assert stack.processes() == {}
    stack.up()
    assert stack.settings() == settings
    assert stack.ask("PREORDERS_REPLICA_DSN", "select word from public.kept") == "still here"


def test_up_when_everything_runs_changes_nothing(stack: StackUnderTest) -> None:
    before = stack.processes()
    stack.up()
    assert stack.status("primary").pid in before and stack.status("replica").pid in before


def test_another_home_leaves_it_the_ports_of_parts_that_are_down(stack: StackUnderTest, tmp_path: Path) -> None:
    stack.up()
    down = open_home(stack.home).ports["webserver"]
    assert is_free(down)
    other = open_home(tmp_path / "other")
    other.create()
    other.remember(ports={"webserver": down})
    claims = PortClaims()
    chosen = choose_ports(other, claims, ports_of_others(other))
    claims.release()
    assert not set(chosen.values()) & set(open_home(stack.home).ports.values())


def test_a_killed_server_comes_back(stack: StackUnderTest) -> None:
    pid = stack.status("replica").pid
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while stack.status("replica").pid in (0, pid) or not stack.status("replica").is_up:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_down_ends_what_a_killed_supervisor_left(stack: StackUnderTest) -> None:
    supervisor = Supervisor(open_home(stack.home)).pid
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    time.sleep(0.2)
    assert stack.processes()
    stack.run("down")
    assert stack.processes() == {}


def test_a_replica_whose_slot_was_lost_is_copied_anew(stack: StackUnderTest) -> None:
    stack.up("--only", "primary")
    stack.do("PREORDERS_PRIMARY_DSN", f"select pg_drop_replication_slot('{SLOT}')")
    stack.do("PREORDERS_PRIMARY_DSN", "create table public.missed as select 7 as number")
    stack.up()
    assert stack.ask("PREORDERS_REPLICA_DSN", "select number from public.missed") == 7


def test_a_taken_port_is_chosen_anew_and_the_replica_still_follows(stack: StackUnderTest) -> None:
    stack.run("down")
    port = open_home(stack.home).ports["primary"]
    with socket.create_server(("127.0.0.1", port)):
        stack.up()
    assert open_home(stack.home).ports["primary"] != port
    stack.do("PREORDERS_PRIMARY_DSN", "create table public.moved ()")
    status = "select status from pg_stat_wal_receiver"
    assert stack.ask("PREORDERS_REPLICA_DSN", status) == "streaming"


def test_two_homes_run_side_by_side(stack: StackUnderTest, make_stack: MakeStack) -> None:
    # A path too long for a Unix socket, with a blank and a quote in it.
    other = make_stack(f"the other's home/{'long' * 30}")
    other.up()
    ours, theirs = open_home(stack.home).ports, open_home(other.home).ports
    running = ("primary", "replica")
    assert not {ours[part] for part in running} & {theirs[part] for part in running}
    other.run("down")
    assert other.processes() == {}
    assert stack.ask("PREORDERS_PRIMARY_DSN", "select 1") == 1
    stack.run("down")


def test_a_part_that_joins_late_finds_its_port_taken_and_says_so(stack: StackUnderTest) -> None:
    stack.up("--only", "primary")
    with socket.create_server(("127.0.0.1", open_home(stack.home).ports["s3"])):
        said = stack.run("up", "--detach", "--only", "s3", code=1).stderr
    assert "s3" in said and "port" in said
    assert stack.processes() == {}


def test_a_part_that_fails_is_named_with_its_log_and_nothing_stays(make_stack: MakeStack) -> None:
    stack = make_stack("broken")
    stack.up("--only", "primary")
    stack.run("down")
    folder = database_folder(open_home(stack.home))
    assert folder is not None
    (folder / "primary" / "global" / "pg_control").unlink()
    done = stack.run("up", "--detach", "--only", "primary", code=1)
    (line,) = done.stderr.splitlines()
    assert "primary did not start" in line and str(open_home(stack.home).log_of("primary")) in line
    assert stack.processes() == {}
