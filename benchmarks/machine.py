"""Running the project's commands."""

import subprocess
import sys
from pathlib import Path

from local.environment import process_environment
from local.home import Home

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


def run(home: Home, *command: object) -> str:
    """Run a command to its end; return what it printed."""
    environment = process_environment(home) if home.exists else None
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
