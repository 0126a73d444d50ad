"""Whoever reads while builds and full refreshes run sees whole builds, no errors, no waits (metrics.md, 2 and 3)."""

import random
import threading
import time
from dataclasses import dataclass, field

import psycopg
from data.changes import CHANGES
from engine.under_test import Engine
from invariants import IS_ONE_BUILD, SHOPS, TOTALS

LONGEST_WAIT = "-c lock_timeout=1s"


@dataclass
class Reader(threading.Thread):
    """Reads the replica over and over."""

    engine: Engine
    stop: threading.Event
    reads: int = 0
    wrong: list[object] = field(default_factory=list)
    builds: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        draw = random.Random(id(self))
        replica = self.engine.stack.environment["PREORDERS_REPLICA_DSN"]
        with psycopg.connect(replica, autocommit=True, options=LONGEST_WAIT) as connection:
            shops = connection.execute(SHOPS).fetchall()
            while not self.stop.is_set():
                shop, currency = draw.choice(shops)
                try:
                    self._read(connection, {"shop": shop, "currency": currency})
                except psycopg.Error as error:
                    self.wrong.append(error)
                    return
                self.reads += 1

    def _read(self, connection: psycopg.Connection, scope: dict[str, object]) -> None:
        totals = connection.execute(TOTALS, scope).fetchone()
        if totals is None or totals[0] != 1:
            self.wrong.append((scope, totals))
        if connection.execute(IS_ONE_BUILD, scope).fetchone() != (True,):
            self.wrong.append(scope)
        row = connection.execute("select max(build_id) from reports.shop_builds").fetchone()
        self.builds.add(row[0] if row else 0)


def test_readers_of_the_replica_see_whole_builds_only(engine: Engine) -> None:
    engine.await_replica()
    draw = random.Random(11)
    stop = threading.Event()
    readers = [Reader(engine, stop) for _ in range(2)]
    for reader in readers:
        reader.start()
    for options in ((), ("--full-refresh",), ()):
        with engine.stack.primary() as connection:
            for name in draw.sample(sorted(CHANGES), 8):
                connection.execute(CHANGES[name](draw).encode())
                connection.commit()
        assert engine.build_and_publish(*options).failures == []
    engine.await_replica()
    time.sleep(0.5)
    stop.set()
    for reader in readers:
        reader.join(10)
        assert reader.wrong == []
        assert reader.reads > 100
        assert len(reader.builds) >= 3
