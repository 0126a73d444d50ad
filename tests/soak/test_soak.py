"""Reads, exports and builds at once while parts fail at random, for as long as asked: `make soak MINUTES=60`."""

import os
import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime

import psutil
import psycopg
import pytest
from conftest import Stack, run_preorders
from data.canaries import canary_rows
from data.changes import CHANGES
from faults import until
from invariants import Before
from rich.console import Console
from rich.table import Table
from soak.exports import Exporter
from soak.random_faults import FAULTS
from soak.reading import Readers

from local.home import open_home
from local.supervision import Supervisor

MINUTES = float(os.environ.get("SOAK_MINUTES", "60"))
SEED = int(os.environ.get("SOAK_SEED", time.time_ns() % 10**9))
# This one takes variants from offers of all shops, and so from those whose answers must stay.
DISTURBING = "products and offers' variants are deleted"


class Builder(threading.Thread):
    """Changes the other shops and builds, until it is stopped. Builds may fail while a server is away."""

    def __init__(self, stack: Stack, seed: int) -> None:
        super().__init__(daemon=True)
        self.counts: Counter[str] = Counter()
        self._stack, self._draw, self._stopping = stack, random.Random(seed), threading.Event()

    def stop(self) -> None:
        self._stopping.set()
        self.join(300)

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._stack.primary() as primary:
                    primary.execute(CHANGES[self._draw.choice(sorted({*CHANGES} - {DISTURBING}))](self._draw).encode())
            except psycopg.Error:
                self.counts["changes of the source that failed"] += 1
            done = run_preorders("build", home=self._stack.home, check=False)
            self.counts["builds" if done.returncode == 0 else "builds that failed"] += 1


@pytest.mark.soak
def test_nothing_is_lost_wrong_or_foreign(built: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    built.load(canary_rows())
    draw, before = random.Random(SEED), Before(built)
    readers, exporter, builder = Readers(built, SEED), Exporter(built, SEED), Builder(built, SEED)
    memory = [_api_mebibytes(built)]
    faults: Counter[str] = Counter()
    for worker in (readers, exporter, builder):
        worker.start()
    began = time.monotonic()
    while (passed := time.monotonic() - began) < MINUTES * 60:
        time.sleep(draw.uniform(3, 15))
        name = draw.choice(sorted(FAULTS))
        with capsys.disabled():
            print(f"{passed:6.0f} s  {name}", flush=True)
        FAULTS[name](built, draw)
        faults[name] += 1
        until(before.is_well, 90, f"I9: after `{name}` the parts are not well by themselves")
        assert not before.differing_rollups(), f"I5: after `{name}` rollups differ"
        memory.append(_api_mebibytes(built))
    for worker in (readers, builder, exporter):
        worker.stop()
    built.build()
    breaches = [*readers.breaches, *exporter.breaches, *before.broken()]
    with capsys.disabled():
        _print(readers, exporter, builder, faults, memory, len(breaches))
    assert breaches == []


def _api_mebibytes(stack: Stack) -> int:
    try:
        return psutil.Process(Supervisor(open_home(stack.home)).states()["api"].pid).memory_info().rss >> 20
    except psutil.NoSuchProcess:
        return 0


def _print(
    readers: Readers, exporter: Exporter, builder: Builder, faults: Counter[str], memory: list[int], breaches: int
) -> None:
    title = f"{datetime.now(UTC):%Y-%m-%d}: {MINUTES:g} minutes, {sum(faults.values())} faults, seed {SEED}"
    table = Table("what", "how often", title=title)
    counted = Counter(dict.fromkeys(("I1 exports lost", "I2 files that differ", "I2 or I7 answers that differ"), 0))
    counted.update(dict.fromkeys(("I4 ends that changed", "I6 builds that went backwards", "I7 foreign values"), 0))
    for counts in (readers.counts, exporter.counts, builder.counts, faults):
        counted.update(counts)
    for what, count in sorted(counted.items()):
        table.add_row(what, f"{count:,}")
    table.add_row("answers", f"{sum(n for what, n in readers.counts.items() if what.split()[1].isdecimal()):,}")
    table.add_row("the longest answer", f"{readers.longest_seconds:.1f} s")
    table.add_row("memory of the API: least, most, last", f"{min(memory)}, {max(memory)}, {memory[-1]} MiB")
    table.add_row("breaches", str(breaches))
    Console(width=110).print(table)
