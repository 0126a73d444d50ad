"""Who is slow to ask, or to take the answer, holds no connection for ever."""

import socket
import time
from collections.abc import Iterator

import psutil
import pytest
from api_process import ApiProcess, started_api
from conftest import REPORTS, Stack
from data.golden import DOMAIN
from faults import until


@pytest.fixture(scope="module")
def impatient(built: Stack) -> Iterator[ApiProcess]:
    with started_api(built, PREORDERS_CLIENT_SECONDS="1") as api:
        yield api


def connected(api: ApiProcess) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", int(api.url.rsplit(":", 1)[1])))
    client.settimeout(20)
    return client


def request(built: Stack, line: str, *headers: str) -> bytes:
    built.client(DOMAIN).close()
    fields = "".join(f"{header}\r\n" for header in ("Host: here", f"X-Auth-Token: {built.keys[DOMAIN]}", *headers))
    return f"{line} HTTP/1.1\r\n{fields}\r\n".encode()


@pytest.mark.parametrize("sent", ["nothing", "half a header", "half a body"])
def test_a_request_that_does_not_come_whole_is_not_waited_for(built: Stack, impatient: ApiProcess, sent: str) -> None:
    half = {
        "nothing": b"",
        "half a header": b"GET / HT",
        "half a body": request(
            built, f"POST {REPORTS}/summary/export", "Content-Type: application/json", "Content-Length: 50"
        )
        + b"{",
    }[sent]
    with connected(impatient) as client:
        client.sendall(half)
        assert client.recv(1) == b""


def test_a_connection_that_asks_again_in_time_is_kept(built: Stack, impatient: ApiProcess) -> None:
    with connected(impatient) as client:
        for _ in range(3):
            time.sleep(0.6)
            client.sendall(request(built, f"GET {REPORTS}"))
            assert client.recv(15) == b"HTTP/1.1 200 OK"
            while client.recv(4096)[-1:] != b"}":
                pass


def test_an_answer_that_nobody_takes_is_given_up(built: Stack, impatient: ApiProcess) -> None:
    with connected(impatient) as client:
        days = "from=2015-01-01&to=2025-01-01&granularity=day"
        client.sendall(20 * request(built, f"GET {REPORTS}/by_date?{days}"))  # more than the sockets' buffers hold
        until(lambda: not is_held(impatient, client), 20, "the answer waits to be taken")


def is_held(api: ApiProcess, client: socket.socket) -> bool:
    held = psutil.Process(api.process.pid).net_connections("tcp")
    return any(one.raddr and one.raddr.port == client.getsockname()[1] for one in held)
