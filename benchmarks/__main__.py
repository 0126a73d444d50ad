"""`make bench`: starts a stack with demo data in a temporary folder, measures, prints one table."""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.machine import BIN, run
from local.demo import DEMO_SHOP_DOMAIN
from local.environment import process_environment
from local.home import Home, open_home

REPORTS = (
    *("summary", "revenue?granularity=month&", "by_offer", "by_product", "by_date?granularity=month&"),
    *("cancellations", "balance_collection", "customers"),
)
REPEATS = 30


def main() -> None:
    """Measure reads against the floor, and a Dagster build against bare dbt."""
    table = Table("measured", "beside", "ratio", "median", "beside's median")
    with tempfile.TemporaryDirectory() as folder:
        home = open_home(Path(folder) / "home")
        try:
            run(home, BIN / "preorders", "up", "--detach", "--home", str(home.path))
            for row in (*reads(home), build(home)):
                table.add_row(*row)
        finally:
            run(home, BIN / "preorders", "down", "--home", str(home.path))
    Console(width=130).print(f"{datetime.now(UTC):%Y-%m-%d}, demo data", table)


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median of the time that the work takes."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def reads(home: Home) -> list[tuple[str, ...]]:
    """Compare each report, over a month and over all history, with `/help`: same gate, one small query."""
    create_key = (BIN / "preorders", "keys", "create", "--home", home.path)
    key = run(home, *create_key, "--shop", DEMO_SHOP_DOMAIN, "--rate-limit", 10**7).split()[-1]
    api = process_environment(home)["PREORDERS_API_URL"]
    client = httpx.Client(base_url=f"{api}/api/v2/external/preorders/reports", headers={"X-Auth-Token": key})
    today = datetime.now(UTC).date()
    rows = []
    for report in REPORTS:
        for months, days in ((1, 30), (36, 1095)):
            path = f"/{report}{'' if report.endswith('&') else '?'}from={today - timedelta(days=days)}&to={today}"
            measured = median_seconds(lambda path=path: client.get(path).raise_for_status(), REPEATS)
            floor = median_seconds(lambda: client.get("/nothing/../help?prefix=/none"), REPEATS)
            rows.append(_row(f"{report.partition('?')[0]}, {months} months", "one small query", measured, floor))
    return rows


def build(home: Home) -> tuple[str, ...]:
    """Compare a build in which nothing changed, through Dagster's queue, with bare `dbt build`."""
    measured = median_seconds(lambda: run(home, BIN / "preorders", "build", "--home", home.path), 3)
    bare = ("build", "--project-dir", "dbt_project", "--exclude-resource-type", "unit_test")
    floor = median_seconds(lambda: run(home, BIN / "dbt", *bare), 3)
    return _row("preorders build, nothing changed", "dbt build", measured, floor)


def _row(name: str, beside: str, measured: float, floor: float) -> tuple[str, ...]:
    return name, beside, f"{measured / floor:.2f}", f"{measured * 1000:.1f} ms", f"{floor * 1000:.1f} ms"


if __name__ == "__main__":
    main()
