"""Builds beside bare dbt: one in which nothing changed, through Dagster's queue."""

from collections.abc import Iterator

from benchmarks.measuring import BIN, Row, median_ms, part_stopped, run
from local.home import Home
from orchestration.rollups.dbt_project import dbt_folders

REPEATS = 3


def measure(home: Home) -> Iterator[Row]:
    """Measure a build of nothing."""
    command = (BIN / "preorders", "build", "--home", home.path)
    measured = median_ms(lambda: run(home, *command), REPEATS)
    with part_stopped(home, "rollups-worker"):
        unforked = median_ms(lambda: run(home, *command), REPEATS)
    yield Row("preorders build, nothing changed", "the same without the worker", measured, unforked)
    bare = ("build", *dbt_folders(), "--exclude-resource-type", "unit_test")
    floor = median_ms(lambda: run(home, BIN / "dbt", *bare), REPEATS)
    yield Row("preorders build, nothing changed", "dbt build", measured, floor)
