"""What the sections of the benchmark share: a row of the table, medians, commands on the stack."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from local.environment import process_environment
from local.home import Home
from local.supervision import Supervisor

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, beside what, and both figures of the same run."""

    name: str
    beside: str
    figure: float
    beside_figure: float
    unit: str = "ms"

    @property
    def cells(self) -> tuple[str, ...]:
        """The line as it is printed: the ratio first."""
        ratio = self.figure / self.beside_figure
        shown = [f"{figure:,.1f} {self.unit}" for figure in (self.figure, self.beside_figure)]
        return self.name, self.beside, f"{ratio:.2f}", *shown


def median_ms(work: Callable[[], object], repeats: int) -> float:
    """Return the median of the milliseconds that the work takes."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000


def processor_ms(*pids: int) -> float:
    """Return the processor time that processes and those below them, also ended ones, have taken, in milliseconds."""
    roots = [psutil.Process(pid) for pid in pids]
    times = [one.cpu_times() for root in roots for one in (root, *root.children(recursive=True))]
    return 1000 * sum(one.user + one.system + one.children_user + one.children_system for one in times)


def run(home: Home, *command: object) -> str:
    """Run a command on the stack to its end; return what it printed."""
    environment = process_environment(home) if home.exists else None
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def create_key(home: Home, domain: str) -> str:
    """Make a key without a limit that would matter."""
    command = (BIN / "preorders", "keys", "create", "--home", home.path, "--shop", domain, "--rate-limit", 10**7)
    return run(home, *command).split()[-1]


@contextmanager
def part_stopped(home: Home, part: str) -> Iterator[None]:
    """Keep a part of the stack down."""
    supervisor = Supervisor(home)
    supervisor.stop(part)
    try:
        yield
    finally:
        supervisor.start(part)
