"""The code location of the exports with one job more: a run of nothing, to measure what launching costs."""

import dagster as dg

from orchestration.exports import definitions
from orchestration.exports.definitions import preload

__all__ = ["defs", "preload"]


@dg.op
def do_nothing() -> None:
    """Do nothing."""


@dg.job(executor_def=dg.in_process_executor)
def nothing() -> None:
    """One empty op."""
    do_nothing()


defs = dg.Definitions.merge(definitions.defs, dg.Definitions(jobs=[nothing]))
