"""`make bench`: starts a stack with demo data in a temporary folder, measures, prints one table.

python -m benchmarks [builds] [exports] [export_latency]
"""

import sys
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from benchmarks import builds, export_latency, exports
from local.demo_build import fill_with_demo
from local.parts import Modules
from local.stack import start_stack
from local.temporary_home import temporary_home

SECTIONS = {
    "builds": builds.measure,
    "exports": exports.measure,
    "export_latency": export_latency.measure,
}


def main() -> None:
    """Measure the sections that are asked for, all of them by default."""
    console = Console(width=140)
    table = Table("measured", "beside", "ratio", "measured", "beside")
    with temporary_home() as home:
        start_stack(home, modules=Modules(exports="benchmarks.exports_location"))
        fill_with_demo(home)
        for name in sys.argv[1:] or SECTIONS:
            for row in SECTIONS[name](home):
                table.add_row(*row.cells)
                console.print(*row.cells, sep=" | ")
    console.print(f"{datetime.now(UTC):%Y-%m-%d}, two cores", table)


if __name__ == "__main__":
    main()
