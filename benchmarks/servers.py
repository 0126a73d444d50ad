"""API processes on the databases of a stack, each with settings of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socket import create_connection, create_server
from typing import NamedTuple

from benchmarks.measuring import ROOT
from local.environment import process_environment
from local.home import Home

_START_SECONDS = 60


class Server(NamedTuple):
    """A process that listens."""

    port: int
    pid: int


@contextmanager
def api_server(home: Home, application: str = "api.app:create_app", **settings: str) -> Iterator[Server]:
    """Serve an application, named by its factory."""
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve = f"from api.__main__ import serve; serve({application!r}, '127.0.0.1', {port})"
    environment = {**os.environ, **process_environment(home), **settings}
    process = subprocess.Popen(
        [sys.executable, "-c", serve], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(process, port)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the server does not start")
