"""When a part counts as ready, and waiting for that, with an end."""

import contextlib
import re
import time
from collections.abc import Callable

import httpx
import psycopg

from local.dagster_files import LOCATIONS
from local.dagster_graphql import DagsterClient
from local.environment import api_url, dagster_url
from local.errors import PartFailed, StackError, first_line
from local.home import Home
from local.parts import worker_socket
from local.ports import answers
from local.supervision import Supervisor

INTERVAL = 0.1
TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

# None: ready. Otherwise what is missing yet.
Check = Callable[[], str | None]


def wait_until_ready(home: Home, part: str, check: Check, seconds: float) -> None:
    """Wait until the check has nothing to say.

    Raises:
        PartFailed: the part's process ended, was restarted, or was not ready in time.
    """
    supervisor = Supervisor(home)
    deadline = time.monotonic() + seconds
    first_pid = 0
    missing: str | None = "it was not looked at"
    while missing is not None:
        if time.monotonic() > deadline:
            raise PartFailed(part, f"not ready after {seconds:.0f} s, {missing}", home.log_of(part))
        state = supervisor.states()[part]
        first_pid = first_pid or state.pid
        if not state.is_up or (state.pid and state.pid != first_pid):
            raise PartFailed(part, f"its process ended: {_last_words(home, part)}", home.log_of(part))
        missing = _tried(check)
        if missing is not None:
            time.sleep(INTERVAL)


def _last_words(home: Home, part: str) -> str:
    """What the part's log says at its end, an error if there is one."""
    try:
        lines = [line.strip() for line in home.log_of(part).read_text(errors="replace").splitlines()]
    except FileNotFoundError:
        lines = []
    last = [TERMINAL_COLOURS.sub("", line) for line in lines if line][-5:] or ["it said nothing"]
    return next((line for line in reversed(last) if "FATAL" in line or "Error" in line), last[-1])[:300]


def _tried(check: Check) -> str | None:
    try:
        return check()
    except (psycopg.OperationalError, httpx.HTTPError, OSError, StackError) as problem:
        return first_line(problem)


def readiness_check(home: Home, part: str, began: float) -> Check:
    """What tells that a part is ready. `began`: when this start of the stack did."""
    if part == "api":
        return lambda: _answers_ok(f"{api_url(home)}/health/live")
    if part in ("webserver", "daemon"):
        dagster = DagsterClient(dagster_url(home))
        if part == "webserver":
            return lambda: dagster.locations_missing(*LOCATIONS)
        return lambda: dagster.daemons_silent_since(began)
    if part.endswith("-worker"):
        socket = worker_socket(home, part.removesuffix("-worker"))
        return lambda: None if socket.exists() else "it has not loaded the code yet"
    port = home.ports[part]
    return lambda: None if answers(port) else f"nothing listens on 127.0.0.1:{port}"


def await_data(home: Home) -> None:
    """Give the API a moment to find its data; before the first build there is none to wait for."""
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            if _answers_ok(f"{api_url(home)}/health/ready") is None:
                return
        time.sleep(INTERVAL)


def _answers_ok(url: str) -> str | None:
    status = httpx.get(url, timeout=5, trust_env=False).status_code
    return None if status == 200 else f"{url} answers {status}"
