"""Serves a code location by Dagster's code server, and ends once the code answers no more.

    python -m orchestration.code_server --module orchestration.exports.definitions --location exports --port 4266

Dagster's code server loads the code in a child, so that the UI can reload it. It neither notices nor replaces
a child that was killed or hangs; whoever started this process starts it anew, and so the child too.
"""

import os
import sys
import threading
import time

import click
from dagster._cli.code_server import start_command
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._grpc.client import DagsterGrpcClient

_HOST = "127.0.0.1"
_ASK_EVERY_SECONDS = 2
_SILENT_SECONDS = 8


@click.command()
@click.option("--module", required=True, help="What the code location loads.")
@click.option("--location", required=True, help="Its name.")
@click.option("--port", required=True, type=int, help="Where to serve.")
def main(module: str, location: str, port: int) -> None:
    """Serve the module, and watch over it."""
    threading.Thread(target=_end_when_silent, args=(port,), daemon=True).start()
    # the last option has runs started by this Python, not by whichever `dagster` is on the PATH
    start_command.main(
        [
            *("--module-name", module, "--location-name", location, "--host", _HOST, "--port", str(port)),
            "--use-python-environment-entry-point",
        ]
    )


def _end_when_silent(port: int) -> None:
    """End the process some seconds after the last answer. Code that has not answered yet may be loading, or broken."""
    client = DagsterGrpcClient(port=port, host=_HOST)
    answered_at = float("inf")
    while True:
        try:
            client.ping("")
            answered_at = time.monotonic()
        except DagsterUserCodeUnreachableError as error:
            if time.monotonic() - answered_at > _SILENT_SECONDS:
                print(f"the code of port {port} answers no more: {error}", file=sys.stderr, flush=True)
                os._exit(1)  # nothing can be ended in good order that does not answer
        time.sleep(_ASK_EVERY_SECONDS)


if __name__ == "__main__":
    main()
