"""`python -m benchmarks.reads`: reads of a large shop beside the floor, in turns, and the throughput of both.

The floor is the same server, gate and router, with a handler that runs one small statement and sends as many bytes.
"""

import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple

import click
import httpx
from rich.console import Console
from rich.table import Table

from api.paths import BASE_PATH, REPORTS_PATH
from benchmarks.engine import build, load_history, primary, stack
from benchmarks.load import load, load_in_turns, request
from benchmarks.measuring import Row, create_key, processor_ms
from benchmarks.servers import Server, api_server
from local.demo import DEMO_SHOP_DOMAIN
from local.home import Home
from local.supervision import Supervisor

SMALL_SHOP_DOMAIN = "pearl.example"
ROUNDS = 6
ROUND_SECONDS = 0.3
CONNECTIONS = 16
_ADDITIVE = "metrics=units,revenue,deposits_collected,balances_collected,balances_outstanding&"
READS = (
    *("summary?", "revenue?granularity=month&", "revenue?granularity=week&"),
    *(f"by_date?granularity=month&{_ADDITIVE}", "by_date?granularity=month&", "by_date?granularity=week&"),
    *("by_date?granularity=day&", "by_offer?", "by_product?", "cancellations?", "balance_collection?", "customers?"),
)
OF_ONE_OFFER = ("summary?", "revenue?granularity=week&", "by_variant?")
MIX = ("summary?", "revenue?granularity=week&", "by_offer?")


@dataclass(frozen=True)
class Shop:
    """A shop's key, the last day of its windows, and one of its offers."""

    key: str
    last: date
    offer: str

    def requests(self, read: str, months: int) -> list[bytes]:
        """Return a read of as many months: of windows that move day by day, so that no two have the same answer."""
        days = timedelta(days=round(months * 30.4))
        windows = [(self.last - timedelta(days=n) - days, self.last - timedelta(days=n)) for n in range(20)]
        return [request(f"{BASE_PATH}{REPORTS_PATH}/{read}from={first}&to={last}", self.key) for first, last in windows]


@click.command()
@click.option("--orders", default=800_000, show_default=True, help="1.27 lines each; the first shop has half of them.")
@click.option("--home", "path", type=click.Path(path_type=Path), help="A stack that is loaded, to be measured again.")
@click.option("--seconds", default=60, show_default=True, help="Of load at 16 connections.")
def main(orders: int, path: Path | None, seconds: int) -> None:
    """Measure on a stack of its own, and print ratios."""
    table = Table("measured", "beside", "ratio", "measured", "beside")
    with stack(path, "primary", "replica") as home:
        if path is None:
            fill(home, orders)
        with (
            api_server(home, PREORDERS_API_ANSWER_CACHE_BYTES="0") as uncached,
            api_server(home) as kept,
            api_server(home, "benchmarks.floor:create_floor") as floor,
        ):
            large, small = (find_shop(home, kept.port, domain) for domain in (DEMO_SHOP_DOMAIN, SMALL_SHOP_DOMAIN))
            replica = Supervisor(home).states()["replica"].pid
            for rows in (
                _beside_floor(large, uncached, floor, replica),
                _beside_small(large, small, uncached, replica),
                _throughput(large, uncached, kept, floor, seconds),
            ):
                for row in rows:
                    print(*row.cells, sep=" | ", flush=True)
                    table.add_row(*row.cells)
    Console(width=130).print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores", table)


def fill(home: Home, orders: int) -> None:
    with primary(home) as connection:
        load_history(connection, orders)
    build("--full-refresh")
    with primary(home) as connection:
        connection.autocommit = True
        connection.execute("vacuum analyze")


def find_shop(home: Home, port: int, domain: str) -> Shop:
    key = create_key(home, domain)
    url = f"http://127.0.0.1:{port}{BASE_PATH}{REPORTS_PATH}"
    client = httpx.Client(base_url=url, headers={"X-Auth-Token": key}, timeout=30)
    deadline = time.monotonic() + 60  # the replica may have a large build to replay
    while (answer := client.get("/by_offer")).status_code == 503 and time.monotonic() < deadline:
        time.sleep(1)
    body = answer.raise_for_status().json()
    return Shop(key, date.fromisoformat(body["window"]["to"]), body["offers"][0]["offer_id"])


def _beside_floor(shop: Shop, api: Server, floor: Server, replica: int) -> Iterator[Row]:
    """Compare each read with a floor of its size, and its 36 months with its 1.

    The processor time, of the server and the replica's processes, says more where other work takes the machine, too.
    """
    reads = {
        **{read: read for read in READS},
        **{f"{one}, one offer": f"{one}offer_id={shop.offer}&" for one in OF_ONE_OFFER},
    }
    for name, read in reads.items():
        name = name.replace(_ADDITIVE, "additive metrics").rstrip("?&")
        medians = {}
        for months in (1, 36):
            requests = shop.requests(read, months)
            # which prepares the statements, too
            size = load(api.port, itertools.cycle(requests), 1, ROUND_SECONDS).mean_bytes
            beside = [request(f"{BASE_PATH}/floor/{size}", shop.key)]
            measured, least = _in_turns(replica, (api, requests), (floor, beside))
            medians[months] = measured.median_ms
            title, floor_title = f"{name}: {months} months", f"floor of {size:,} bytes"
            yield Row(title, floor_title, measured.median_ms, least.median_ms)
            yield Row(f"{title}, processor", floor_title, measured.processor_ms, least.processor_ms)
        yield Row(f"{name}: 36 months", "1 month", medians[36], medians[1])


def _beside_small(large: Shop, small: Shop, api: Server, replica: int) -> Iterator[Row]:
    for read in MIX:
        measured = _in_turns(replica, *((api, shop.requests(read, 36)) for shop in (large, small)))
        title = f"{read.rstrip('?&')}: 36 months, the largest shop"
        yield Row(title, "the smallest", *(one.median_ms for one in measured))


class _Measured(NamedTuple):
    """Of one request: the median until its answer, and the mean of the processors' time."""

    median_ms: float
    processor_ms: float


def _in_turns(replica: int, *loads: tuple[Server, list[bytes]]) -> list[_Measured]:
    """Measure loads in turns: so they meet the same moments of the machine."""
    taken: list[list[float]] = [[] for _ in loads]
    processor = [0.0 for _ in loads]
    for _ in range(ROUNDS):
        for number, (server, requests) in enumerate(loads):
            before = processor_ms(server.pid, replica)
            taken[number].extend(load(server.port, itertools.cycle(requests), 1, ROUND_SECONDS).milliseconds)
            processor[number] += processor_ms(server.pid, replica) - before
    return [_Measured(median(one), spent / len(one)) for one, spent in zip(taken, processor, strict=True)]


def _throughput(shop: Shop, uncached: Server, kept: Server, floor: Server, seconds: int) -> Iterator[Row]:
    """Load with 16 connections: computed reads beside the floor, kept ones beside a handler without a database."""
    for name, server, beside in (("computed", uncached, "floor"), ("kept", kept, "static")):
        for read in MIX:
            requests = shop.requests(read, 36)[: 20 if server == uncached else 1]
            size = load(server.port, itertools.cycle(requests), 1, ROUND_SECONDS).mean_bytes
            least_requests = itertools.repeat(request(f"{BASE_PATH}/{beside}/{size}", shop.key))
            measured, least = load_in_turns(
                CONNECTIONS, seconds, (server.port, itertools.cycle(requests)), (floor.port, least_requests)
            )
            if measured.statuses.keys() | least.statuses.keys() != {200}:
                raise SystemExit(f"{read}: {measured.statuses}, {beside}: {least.statuses}")
            title = f"{read.rstrip('?&')}: 36 months, {name}"
            yield Row(title, f"{beside} of {size:,} bytes", measured.per_second, least.per_second, "/s")
            yield Row(f"{title}: p99", "p50", measured.p99_ms, measured.median_ms)


if __name__ == "__main__":
    main()
