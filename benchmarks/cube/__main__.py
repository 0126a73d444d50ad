"""`make bench-cube`: three questions to the API, to plain SQL on the sources, and to Cube, in one run."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median

import click
import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.cube.questions import QUESTIONS, Question, Subject
from benchmarks.cube.server import cube_server, warm_up
from benchmarks.engine import primary, stack
from benchmarks.load import load, load_in_turns, request
from benchmarks.measuring import Row, median_ms
from benchmarks.reads import CONNECTIONS, fill, find_shop
from benchmarks.servers import api_server
from local.demo import DEMO_SHOP_DOMAIN
from local.home import Home

_REPEATS = 3


@click.command()
@click.option("--orders", default=800_000, show_default=True, help="1.27 lines each; the first shop has half of them.")
@click.option("--home", "path", type=click.Path(path_type=Path), help="A stack that is loaded, to be measured again.")
@click.option("--seconds", default=20, show_default=True, help="Of load at 16 connections.")
def main(orders: int, path: Path | None, seconds: int) -> None:
    """Measure on a stack of its own, and print ratios."""
    table = Table("measured", "beside", "ratio", "measured", "beside")
    with tempfile.TemporaryDirectory() as folder, stack(path, "primary", "replica") as home:
        if path is None:
            fill(home, orders)
        (cube_folder := Path(folder) / "cube").mkdir()
        with (
            api_server(home, PREORDERS_API_ANSWER_CACHE_BYTES="0") as api,
            cube_server(home, cube_folder) as cube,
        ):
            shop = find_shop(home, api.port, DEMO_SHOP_DOMAIN)
            subject = _subject(home, shop.offer, shop.last)
            for question in QUESTIONS:
                for row in (*_beside_sources(home, question, subject, shop.key, api.port),
                            *_beside_cube(question, subject, shop.key, api.port, cube, seconds)):  # fmt: skip
                    print(*row.cells, sep=" | ", flush=True)
                    table.add_row(*row.cells)
    Console(width=130).print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores", table)


def _subject(home: Home, offer: str, last: date) -> Subject:
    with primary(home) as connection:
        row = connection.execute(
            "select id::text, timezone from app.shops where domain = %s", [DEMO_SHOP_DOMAIN]
        ).fetchone()
    assert row is not None
    return Subject(row[0], row[1], offer, last)


def _beside_sources(home: Home, question: Question, subject: Subject, key: str, api: int) -> Iterator[Row]:
    first, last = next(question.windows(subject.last))
    values = {"shop": subject.shop, "offer": subject.offer, "first": first, "last": last}
    with primary(home) as connection:
        taken = median_ms(lambda: connection.execute(question.sql.encode(), values).fetchall(), _REPEATS)
    requests = [request(path, key) for path in itertools.islice(question.paths(subject), 20)]
    measured = [load(api, itertools.cycle(requests), 1, 1).median_ms for _ in range(_REPEATS)]
    yield Row(f"plain SQL: {question.name}", "the API, computed", taken, median(measured))


def _beside_cube(question: Question, subject: Subject, key: str, api: int, cube: int, seconds: int) -> Iterator[Row]:
    """Compare throughputs at 16 connections: the API computes each answer, Cube where each window is another."""
    _check_equal(question, subject, key, api, cube)
    paths, cube_paths = list(question.paths(subject)), list(question.cube_paths(subject))
    for name, asked in (("computed", cube_paths[1:]), ("kept in memory", cube_paths[:1])):
        requests = ((request(path, key) for path in itertools.cycle(one)) for one in (paths, asked))
        computed, beside = load_in_turns(CONNECTIONS, seconds, *zip((api, cube), requests, strict=True))
        if computed.statuses.keys() | beside.statuses.keys() != {200}:
            raise SystemExit(f"{question.name}: {computed.statuses}, Cube: {beside.statuses}")
        yield Row(f"{question.name}, computed", f"Cube, {name}", computed.per_second, beside.per_second, "/s")


def _check_equal(question: Question, subject: Subject, key: str, api: int, cube: int) -> None:
    url = f"http://127.0.0.1:{api}{next(question.paths(subject))}"
    totals = httpx.get(url, headers={"X-Auth-Token": key}, timeout=60).raise_for_status().json()["totals"]
    rows = warm_up(cube, next(question.cube_paths(subject)))
    revenue = sum(Decimal(row["lines.revenue"] or 0) for row in rows)
    if revenue != Decimal(totals["revenue"]):
        raise SystemExit(f"{question.name}: Cube has a revenue of {revenue}, the API of {totals['revenue']}")


if __name__ == "__main__":
    main()
