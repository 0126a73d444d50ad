"""Named places at which a test can kill or stop the process that passes them; without the setting they do nothing."""

import os
import signal
from pathlib import Path

_SETTING = "PREORDERS_CRASH_POINT_FILE"


def crash_point(name: str) -> None:
    """Obey the file that PREORDERS_CRASH_POINT_FILE names, once: `kill: <name>` or `stop: <name>`."""
    path = os.environ.get(_SETTING)
    if not path:
        return
    order, _, place = _content(Path(path)).partition(": ")
    if place == name:
        Path(path).unlink()
        os.kill(os.getpid(), {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}[order])


def _content(file: Path) -> str:
    return file.read_text().strip() if file.exists() else ""
