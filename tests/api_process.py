"""More processes of the API, on the stack's databases, with settings of their own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from conftest import ROOT, Stack


@dataclass(frozen=True)
class ApiProcess:
    """A running API, at its address."""

    process: subprocess.Popen[bytes]
    url: str


@contextmanager
def api_process(stack: Stack, **settings: str) -> Iterator[str]:
    """Run one more API; yield its address."""
    with started_api(stack, **settings) as api:
        yield api.url


@contextmanager
def started_api(stack: Stack, **settings: str) -> Iterator[ApiProcess]:
    """Run one more API; yield its process too."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "api", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, **stack.environment, **settings},
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while not _is_live(url):
            assert process.poll() is None and time.monotonic() < deadline, "the API did not start"
            time.sleep(0.1)
        yield ApiProcess(process, url)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _is_live(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live").status_code == 200
    except httpx.TransportError:
        return False
