"""What launcher and worker say to each other: one JSON line to a Unix socket, one JSON line back."""

import json
import socket
from pathlib import Path
from typing import Any

_ANSWER_SECONDS = 10


class NoWorker(Exception):
    """No worker listens there, or it did not answer."""


def socket_path(folder: str, location: str) -> Path:
    """Return where the worker of a code location listens."""
    return Path(folder) / f"{location}.sock"


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
        raise NoWorker(f"{path.name}: {error or type(error).__name__}") from error
    return answer
