"""The worker: a process that has loaded a code location, and forks itself for each run.

    python -m orchestration.launcher.run_worker --module orchestration.exports.definitions --socket run/exports.sock

What takes time once and opens nothing, a module does in a function `preload`, which returns the times of the files
that it read beside Python's, as they were before it read them. The worker has one thread and no connection of any
kind, so that a fork finds nothing half-done. When a file has changed since it was loaded, it forks no more and ends
after its last run; whoever started it starts it anew.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import click

from orchestration.launcher.forked_run import become_run, execute, fail_unfinished

_TICK_SECONDS = 0.5
_STOP_SECONDS = 8
_PROJECT = Path(__file__).parents[2]


class RunWorker:
    """Forks runs, and knows which of them live."""

    def __init__(self, listener: socket.socket, data_times: Mapping[Path, float]) -> None:
        """Answer at the listener; `data_times` is what `preload` returned."""
        self._listener = listener
        self._data_times = data_times
        self._code_times = file_times(_code_files())
        self._runs: dict[int, str] = {}
        self._arguments: dict[str, str] = {}
        self._is_stopping = False

    def serve(self) -> None:
        """Answer questions until told to stop, or until the code has changed and the last run is over."""
        wake_reader, wake_writer = socket.socketpair()
        wake_writer.setblocking(False)
        signal.set_wakeup_fd(wake_writer.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake up
        while not self._is_stopping and (self._runs or not self._is_stale()):
            readable, _, _ = select.select([self._listener, wake_reader], [], [], _TICK_SECONDS)
            if wake_reader in readable:
                wake_reader.recv(4096)
            self._bury_ended()
            if self._listener in readable:
                self._answer(self._listener.accept()[0])
        self._end_runs()

    def _end_runs(self) -> None:
        """Interrupt the runs, once each: a second signal would cut short what they do about the first."""
        for pid in self._runs:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while self._runs and time.monotonic() < deadline:
            time.sleep(0.05)
            self._bury_ended()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            try:
                with connection.makefile("rw", encoding="utf-8") as stream:
                    answer = self._do(json.loads(stream.readline()), connection)
                    stream.write(json.dumps(answer) + "\n")
            except (OSError, ValueError, KeyError, TypeError) as error:
                print(f"a question was lost: {error}", file=sys.stderr, flush=True)

    def _do(self, question: dict[str, Any], connection: socket.socket) -> dict[str, Any]:
        run_id = question["run_id"]
        if question["do"] == "launch":
            if time.monotonic() > question["before"]:
                return {"problem": "it was busy for too long"}  # by now the run may have been launched otherwise
            if self._is_stale():
                return {"problem": "the code has changed, and its worker is being started anew"}
            self._arguments[run_id] = question["arguments"]
            pid = self._fork(run_id, connection)
            return {"pid": pid}
        pid = next((pid for pid, known in self._runs.items() if known == run_id), 0)
        if pid and question["do"] == "terminate":
            os.kill(pid, signal.SIGTERM)
        return {"is_running": bool(pid)}

    def _fork(self, run_id: str, connection: socket.socket) -> int:
        worker = os.getpid()
        pid = os.fork()
        if pid == 0:
            become_run(worker, (self._listener, connection))
            execute(self._arguments[run_id])
        self._runs[pid] = run_id
        return pid

    def _bury_ended(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            run_id = self._runs.pop(pid, None)
            if run_id is None:
                continue  # one that reported a crash
            arguments = self._arguments.pop(run_id)
            if status != 0:
                self._report_crash(arguments, os.waitstatus_to_exitcode(status))

    def _report_crash(self, arguments: str, exit_code: int) -> None:
        """Tell Dagster of a run that could not tell itself; in a fork, since it takes connections."""
        worker = os.getpid()
        if os.fork() == 0:
            become_run(worker, (self._listener,))
            fail_unfinished(arguments, exit_code)

    def _is_stale(self) -> bool:
        return file_times(self._data_times) != self._data_times or file_times(_code_files()) != self._code_times

    def _stop(self, *_: object) -> None:
        self._is_stopping = True


def _code_files() -> list[Path]:
    """Return the loaded files of this project."""
    files = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    return [Path(file) for file in files if file.startswith(f"{_PROJECT}{os.sep}") and "site-packages" not in file]


def file_times(files: Collection[Path]) -> dict[Path, float]:
    """Return when each file was changed; 0 for one that is gone."""
    return {file: file.stat().st_mtime if file.exists() else 0.0 for file in files}


@click.command()
@click.option("--module", required=True, help="What the code location loads.")
@click.option("--socket", "path", required=True, type=click.Path(path_type=Path), help="Where to listen.")
def main(module: str, path: Path) -> None:
    """Load the module, then listen and fork."""
    for name in ("dagster._cli.api", "dagster_postgres", "psycopg2", "sqlalchemy.dialects.postgresql.psycopg2"):
        importlib.import_module(name)
    data_times = importlib.import_module(module).preload()
    gc.freeze()  # or each fork would walk through all that is loaded, and copy it
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(64)
    try:
        RunWorker(listener, data_times).serve()
    finally:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
