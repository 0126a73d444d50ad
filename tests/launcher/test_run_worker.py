"""A worker forks runs, knows which live, and never runs code that has changed.

The runs are stand-ins here; real ones go through the worker in tests/exports.
"""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

from orchestration.launcher.protocol import NoWorker, ask, launch_question

CODE = """
    import orchestration.launcher.run_worker as worker
    import time, os

    def execute(arguments):
        with open(arguments + ".pid", "w") as file:
            file.write(str(os.getpid()))
        time.sleep(float(open(arguments).read()))
        os._exit(0)

    def crashed(arguments, exit_code):
        with open(arguments + ".crash", "w") as file:
            file.write(str(exit_code))
        os._exit(0)

    worker.execute = execute
    worker.fail_unfinished = crashed
    worker._PROJECT = __import__("pathlib").Path(__file__).parent
    worker.main()
"""


LOCATION = """
    from pathlib import Path

    def preload():
        data = Path(__file__).parent / "data.sql"
        return {data: data.stat().st_mtime}
"""


class WorkerUnderTest:
    """A worker process, in a folder that stands for the project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "w.sock"
        self.code = folder / "stand_in.py"
        self.code.write_text(textwrap.dedent(CODE))
        (folder / "location.py").write_text(textwrap.dedent(LOCATION))
        (folder / "data.sql").write_text("")
        self.process = subprocess.Popen(
            [sys.executable, str(self.code), "--module", "location", "--socket", str(self.socket)],
            cwd=folder, env={**os.environ, "PYTHONPATH": f"{ROOT}:{folder}"},
        )  # fmt: skip
        self.until(self.socket.exists)

    def launch(self, run_id: str, seconds: float) -> dict[str, object]:
        run = self.folder / run_id
        run.write_text(str(seconds))
        return ask(self.socket, launch_question(run_id, str(run)))

    def is_running(self, run_id: str) -> bool:
        return bool(ask(self.socket, {"do": "check", "run_id": run_id})["is_running"])

    def pid_of(self, run_id: str) -> int:
        file = self.folder / f"{run_id}.pid"
        self.until(lambda: file.exists() and file.read_text() != "")
        return int(file.read_text())

    def until(self, condition: object, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not condition():  # type: ignore[operator]
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerUnderTest]:
    under_test = WorkerUnderTest(tmp_path)
    yield under_test
    under_test.process.kill()
    under_test.process.wait()
    shutil.rmtree(tmp_path)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def test_runs_live_and_end_beside_each_other(worker: WorkerUnderTest) -> None:
    worker.launch("long", 60)
    worker.launch("short", 0.5)
    assert worker.is_running("long")
    worker.until(lambda: not worker.is_running("short"))
    assert worker.is_running("long")
    assert not worker.is_running("unknown")
    assert not (worker.folder / "short.crash").exists()


def test_a_run_that_crashes_is_reported(worker: WorkerUnderTest) -> None:
    worker.launch("crashing", 60)
    os.kill(worker.pid_of("crashing"), signal.SIGKILL)
    crash = worker.folder / "crashing.crash"
    worker.until(lambda: crash.exists() and crash.read_text() == "-9")
    assert not worker.is_running("crashing")


def test_a_run_can_be_terminated(worker: WorkerUnderTest) -> None:
    worker.launch("terminated", 60)
    pid = worker.pid_of("terminated")
    assert ask(worker.socket, {"do": "terminate", "run_id": "terminated"})["is_running"]
    worker.until(lambda: not is_alive(pid))


def test_runs_do_not_outlive_a_worker_that_crashed(worker: WorkerUnderTest) -> None:
    worker.launch("orphan", 60)
    pid = worker.pid_of("orphan")
    worker.process.kill()
    worker.process.wait()
    worker.until(lambda: not is_alive(pid))
    with pytest.raises(NoWorker):
        worker.is_running("orphan")


def test_a_worker_that_is_told_to_stop_ends_its_runs(worker: WorkerUnderTest) -> None:
    worker.launch("run", 60)
    pid = worker.pid_of("run")
    worker.process.terminate()
    assert worker.process.wait(timeout=20) == 0
    assert not is_alive(pid)
    assert not worker.socket.exists()


@pytest.mark.parametrize("file", ["location.py", "data.sql"])
def test_a_worker_whose_code_has_changed_forks_no_more_and_ends_after_its_last_run(
    worker: WorkerUnderTest, file: str
) -> None:
    worker.launch("before", 3)
    worker.pid_of("before")
    os.utime(worker.folder / file, (1, 1))
    assert "pid" not in worker.launch("after", 1)
    assert worker.is_running("before")
    assert worker.process.wait(timeout=20) == 0
    assert not (worker.folder / "after.pid").exists()


def test_a_question_that_waited_too_long_launches_nothing(worker: WorkerUnderTest) -> None:
    late = {**launch_question("late", str(worker.folder / "late")), "before": time.monotonic()}
    assert "pid" not in ask(worker.socket, late)
    assert not worker.is_running("late")


def test_questions_that_are_none_do_not_stop_it(worker: WorkerUnderTest) -> None:
    with pytest.raises(NoWorker):
        ask(worker.socket, [])  # type: ignore[arg-type]
    with pytest.raises(NoWorker):
        ask(worker.socket, {"do": "launch"})
    assert not worker.is_running("unknown")
