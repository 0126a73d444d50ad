"""Run one export's op in this process; print its seconds and the process's peak memory in MB, as JSON."""

import json
import resource
import sys
import time

import dagster as dg

from api.exports.launch import run_config
from orchestration.exports.definitions import preload
from orchestration.exports.write_export import export_report


def main() -> None:
    preload()
    with dg.DagsterInstance.ephemeral() as instance:
        started = time.perf_counter()
        export_report.execute_in_process(run_config=run_config(sys.argv[1]), instance=instance)
        seconds = time.perf_counter() - started
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


if __name__ == "__main__":
    main()
