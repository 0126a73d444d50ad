"""Several replicas: one that lags or is lost is left out, and nothing kept is told while none can be read."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from conftest import REPORTS, ROOT, Stack
from data.golden import DOMAIN
from faults import SOON_SECONDS
from tcp_proxy import TcpProxy

from api.servers import freshest
from local.database_folder import database_folder, make_server_folder
from local.home import open_home
from local.postgres_binaries import find_binaries, server_user
from local.postgres_settings import REPLICATION_ROLE

WINDOW = {"from": "2026-01-01", "to": "2026-03-31"}
SLOT = "second_replica"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass
class Standby:
    """A second standby of the stack's primary."""

    process: subprocess.Popen[bytes]
    port: int

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


@pytest.fixture
def second(built: Stack) -> Iterator[Standby]:
    home = open_home(built.home)
    folder = database_folder(home)
    assert folder is not None
    binaries, port, data = find_binaries(folder), free_port(), folder / "second"
    make_server_folder(data)
    binaries.run(
        "pg_basebackup", "-h", "127.0.0.1", "-p", str(home.ports["primary"]), "-U", REPLICATION_ROLE, "-D", str(data),
        "-C", "-S", SLOT, "-X", "stream", "-c", "fast", "-w", "-N", "-R",
        environment={"PGPASSWORD": home.secrets[REPLICATION_ROLE]},
    )  # fmt: skip
    user = server_user()
    process = subprocess.Popen(
        [str(binaries.folder / "postgres"), "-D", str(data), "-c", f"port={port}"],
        cwd="/",
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=None if user is None else [],
        stderr=subprocess.DEVNULL,
    )
    try:
        until_it_answers(built.environment["PREORDERS_REPLICA_DSN"], home.ports["replica"], port)
        yield Standby(process, port)
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(30)
        with built.primary() as connection:
            connection.autocommit = True
            connection.execute("select pg_drop_replication_slot(%s)", [SLOT])


def until_it_answers(dsn: str, replica_port: int, port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(dsn.replace(f":{replica_port}/", f":{port}/"), connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def dsn_of(stack: Stack, name: str, ports: list[int]) -> str:
    """Return a DSN of the stack's for the replicas at these ports."""
    replicas = ",".join(f"127.0.0.1:{one}" for one in ports)
    return stack.environment[name].replace(f"127.0.0.1:{open_home(stack.home).ports['replica']}", replicas)


@contextmanager
def api_reading(stack: Stack, ports: list[int], log: Path) -> Iterator[httpx.Client]:
    """Serve reports of the replicas at these ports."""
    port, dsn = free_port(), dsn_of(stack, "PREORDERS_API_REPLICA_DSN", ports)
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "api", "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, **stack.environment, "PREORDERS_API_REPLICA_DSN": dsn},
            stdout=output,
            stderr=output,
        )
    try:
        stack.client(DOMAIN)  # makes the key
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}{REPORTS}", headers={"X-Auth-Token": stack.keys[DOMAIN]}, timeout=30
        )
        deadline = time.monotonic() + 30
        while process.poll() is None:
            try:
                client.get("/summary", params=WINDOW).raise_for_status()
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield client
    finally:
        process.terminate()
        process.wait(20)


def readers(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity where application_name = 'preorders-api reports'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def ask_for(client: httpx.Client, seconds: float) -> list[httpx.Response]:
    """Ask all the time, in changing windows: nothing of this is kept."""
    answers = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        day = 1 + len(answers) % 28
        answers.append(client.get("/summary", params={"from": f"2026-01-{day:02}", "to": "2026-03-31"}))
        time.sleep(0.05)
    return answers


def test_a_replica_that_lags_and_one_that_is_lost_are_left_out(built: Stack, second: Standby, tmp_path: Path) -> None:
    first_port = open_home(built.home).ports["replica"]
    first = built.environment["PREORDERS_REPLICA_DSN"]
    with api_reading(built, [first_port, second.port], tmp_path / "api.log") as client:
        with psycopg.connect(first, autocommit=True) as replica:
            replica.execute("select pg_wal_replay_pause()")
        try:
            answers = ask_for(client, 12)
            assert {answer.status_code for answer in answers} == {200}
            assert max(answer.json()["freshness"]["replica_lag_seconds"] for answer in answers[-20:]) < 5
            assert readers(first.replace(f":{first_port}/", f":{second.port}/")) > 0
            both = dsn_of(built, "PREORDERS_EXPORTS_REPLICA_DSN", [first_port, second.port])
            assert asyncio.run(freshest(both)) == dsn_of(built, "PREORDERS_EXPORTS_REPLICA_DSN", [second.port])
        finally:
            with psycopg.connect(first, autocommit=True) as replica:
                replica.execute("select pg_wal_replay_resume()")
        second.stop()
        answers = ask_for(client, 3)
        assert {answer.status_code for answer in answers} == {200}, "a lost server costs one attempt"
        builds = [answer.json()["freshness"]["build_id"] for answer in answers]
        assert builds == sorted(builds)


@pytest.mark.long
def test_a_replica_that_hangs_is_left_for_another(built: Stack, second: Standby, tmp_path: Path) -> None:
    proxies = [TcpProxy(open_home(built.home).ports["replica"]), TcpProxy(second.port)]
    with api_reading(built, [proxy.port for proxy in proxies], tmp_path / "api.log") as client:
        for proxy in (*proxies, proxies[0]):  # whichever is read, it is left at least once
            with proxy.silent():
                answers = ask_for(client, 4)
                assert {answer.status_code for answer in answers} == {200}
                assert max(answer.elapsed.total_seconds() for answer in answers) < SOON_SECONDS
    for proxy in proxies:
        proxy.close()


def test_nothing_kept_is_told_while_no_replica_can_be_read(built: Stack, second: Standby, tmp_path: Path) -> None:
    with api_reading(built, [second.port], tmp_path / "api.log") as client:
        assert client.get("/summary", params=WINDOW).status_code == 200
        second.stop()
        time.sleep(1)
        refused = client.get("/summary", params=WINDOW)
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
