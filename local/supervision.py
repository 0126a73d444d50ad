"""Supervisord as the process manager: launching it, and a client that starts and stops parts.

It restarts a crashed part, keeps logs small, and stops the parts in order; `supervisorctl -c
<home>/supervisord.conf` works with it too.
"""

import contextlib
import http.client
import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from supervisor.xmlrpc import SupervisorTransport, UnixStreamHTTPConnection

from local.errors import StackError
from local.home import Home
from local.parts import Program
from local.processes import is_running
from local.supervisor_config import supervisor_config

ANSWER_SECONDS = 15


@dataclass(frozen=True)
class PartState:
    """What supervisord says of a part. The pid is 0 when there is no process."""

    state: str
    pid: int
    reason: str

    @property
    def is_up(self) -> bool:
        """Whether it has a process that may be expected to stay."""
        return self.state in ("STARTING", "RUNNING")


class Supervisor:
    """The supervisord of one home."""

    def __init__(self, home: Home) -> None:
        self._home = home

    @property
    def pid(self) -> int | None:
        """The pid of the running supervisord, else None."""
        try:
            pid = int(self._home.supervisor_pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        # a pid is used again, perhaps by another home's supervisord
        return pid if is_running(pid, str(self._home.supervisor_config)) else None

    def launch(self, programs: Sequence[Program], environment: Mapping[str, str]) -> None:
        """Start supervisord, detached; it starts no part yet.

        Raises:
            StackError: it did not come up.
        """
        home = self._home
        home.sockets.mkdir(mode=0o700, exist_ok=True)
        if home.sockets.stat().st_uid != os.geteuid():
            raise StackError(f"{home.sockets} belongs to somebody else; delete it")
        home.supervisor_config.touch(mode=0o600)
        home.supervisor_config.write_text(supervisor_config(home, programs))
        done = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(home.supervisor_config)],
            env=dict(environment),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        deadline = time.monotonic() + 20
        while done.returncode == 0 and time.monotonic() < deadline:
            with contextlib.suppress(StackError):
                self.states()
                return
            time.sleep(0.05)
        said = done.stdout.strip().splitlines() or [f"its log: {home.log_of('supervisord')}"]
        raise StackError(f"supervisord did not start: {said[0]}")

    def states(self) -> dict[str, PartState]:
        """The state of every part."""
        with self._remote() as remote:
            return {
                one["name"]: PartState(one["statename"], one["pid"], one["spawnerr"] or one["description"])
                for one in remote.getAllProcessInfo()
            }

    def start(self, part: str) -> None:
        """Start a part without waiting for it; one that runs already is left alone."""
        with self._remote() as remote, _tolerated("ALREADY_STARTED"):
            remote.startProcess(part, False)

    def stop(self, part: str) -> None:
        """Stop a part and wait until it is gone."""
        with self._remote(90) as remote, _tolerated("NOT_RUNNING"):
            remote.stopProcess(part, True)

    def shutdown(self) -> None:
        """Ask supervisord to stop all parts in order, and itself; returns at once."""
        with self._remote() as remote, _tolerated("SHUTDOWN_STATE"):
            remote.shutdown()

    @contextlib.contextmanager
    def _remote(self, seconds: float = ANSWER_SECONDS) -> Iterator[Any]:
        transport = _BoundedTransport(f"unix://{self._home.control_socket}", seconds)
        try:
            yield xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError) as problem:
            raise StackError(f"the supervisor of {self._home.path} does not answer: {problem}") from None
        except xmlrpc.client.Fault as fault:
            raise StackError(f"the supervisor of {self._home.path} refused: {fault.faultString}") from None
        finally:
            transport.close()


class _BoundedTransport(SupervisorTransport):  # type: ignore[misc]
    """Supervisor's transport over a Unix socket, which by itself would wait for ever."""

    def __init__(self, serverurl: str, seconds: float) -> None:
        super().__init__(None, None, serverurl)
        path = serverurl.removeprefix("unix://")

        class Connection(UnixStreamHTTPConnection):  # type: ignore[misc]
            socketfile = path

            def connect(self) -> None:
                super().connect()
                self.sock.settimeout(seconds)

        self._get_connection = lambda: Connection("localhost")


@contextlib.contextmanager
def _tolerated(fault_name: str) -> Iterator[None]:
    try:
        yield
    except xmlrpc.client.Fault as fault:
        if not fault.faultString.startswith(fault_name):
            raise
