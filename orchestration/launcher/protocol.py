"""What launcher and worker say to each other: one JSON line to a Unix socket, one JSON line back."""

import json
import socket
import time
from pathlib import Path
from typing import Any

_ANSWER_SECONDS = 10
_LAUNCH_SECONDS = 5  # well before whoever asked gives up, and launches the run another way


class NoWorker(Exception):
    """No worker listens there, or it did not answer."""


def socket_path(folder: str, location: str) -> Path:
    """Return where the worker of a code location listens."""
    return Path(folder) / f"{location}.sock"


def launch_question(run_id: str, arguments: str) -> dict[str, Any]:
    """Return the question that has a worker fork a run, unless it comes to it too late (by the machine's clock)."""
    return {"do": "launch", "run_id": run_id, "arguments": arguments, "before": time.monotonic() + _LAUNCH_SECONDS}


def ask(path: Path, question: dict[str, Any]) -> dict[str, Any]:
    """Ask a worker, and return its answer.

    Raises:
        NoWorker: there is no answer.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_ANSWER_SECONDS)
            connection.connect(str(path))
            with connection.makefile("rw", encoding="utf-8") as stream:
                stream.write(json.dumps(question) + "\n")
                stream.flush()
                answer: dict[str, Any] = json.loads(stream.readline())
    except (OSError, ValueError) as error:
        raise NoWorker(f"{path.name}: {str(error) or type(error).__name__}") from error
    return answer
