"""`make mutations`: takes each guard out, alone, in a copy of the project; the test that is named must fail.

python -m tests.mutations [word of a guard]
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from rich.console import Console

from local.environment import api_url
from local.home import open_home
from local.stack import stop_stack
from local.supervision import Supervisor
from tests.mutations.guards import GUARDS, Guard

ROOT = Path(__file__).parents[2]
_PASSED, _FAILED = 0, 1


def main() -> None:
    """Print a line for each guard; exit with 1 if one is missed by no test."""
    console = Console(width=160)
    chosen = [guard for guard in GUARDS if not sys.argv[1:] or sys.argv[1].lower() in guard.what.lower()]
    with tempfile.TemporaryDirectory(prefix="mutations") as folder:
        project, home = Path(folder, "project"), Path(folder, "home")
        _copy(project)
        try:
            tests = dict.fromkeys(guard.test for guard in chosen)
            code, reason = _run(project, home, *tests)
            if code != _PASSED:
                sys.exit(f"with every guard in its place a test fails; mend that first: {reason}")
            missed = [guard for guard in chosen if not _is_noticed(console, project, home, guard)]
        finally:
            stop_stack(open_home(home))
    console.print(f"{len(chosen) - len(missed)} of {len(chosen)} guards are noticed when they are missing")
    sys.exit(bool(missed))


def _copy(project: Path) -> None:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, project / name)


def _is_noticed(console: Console, project: Path, home: Path, guard: Guard) -> bool:
    file = project / guard.file
    original = file.read_text()
    if original.count(guard.text) != 1:
        sys.exit(f"{guard.file} has {original.count(guard.text)} times: {guard.text}")
    began = time.monotonic()
    file.write_text(original.replace(guard.text, guard.instead))
    try:
        if not guard.anew and open_home(home).exists:
            _restart_api(home)
        code, reason = _run(project, None if guard.anew else home, guard.test)
    finally:
        file.write_text(original)
    noticed = code == _FAILED
    said = "noticed" if noticed else f"MISSED (exit code {code})"
    console.print(f"{said}, {time.monotonic() - began:.0f} s: {guard.what}\n    {reason}", soft_wrap=True, markup=False)
    return noticed


def _restart_api(home: Path) -> None:
    """Have it load the code as it is now; runs of Dagster see by themselves that it has changed."""
    opened = open_home(home)
    supervisor = Supervisor(opened)
    supervisor.stop("api")
    supervisor.start("api")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{api_url(opened)}/health/live").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)


def _run(project: Path, home: Path | None, *tests: str) -> tuple[int, str]:
    """Return pytest's exit code and which test failed; without a home the tests make a stack of their own."""
    on = [] if home is None else ["--home", str(home)]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not soak", *on, *tests]
    environment = {**os.environ, "PYTHONPATH": str(project)}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return done.returncode, failed[0] if failed else done.stdout[-200:]


if __name__ == "__main__":
    main()
