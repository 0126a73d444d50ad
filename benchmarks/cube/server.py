"""Cube's own server, on the database of a stack."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server

import httpx

from local.environment import DATABASE, LOOPBACK
from local.home import Home

_FOLDER = Path(__file__).parent
_START_SECONDS = 120


@contextmanager
def cube_server(home: Home, folder: Path) -> Iterator[int]:
    """Install Cube into a folder from npm, and serve; yield its port."""
    for part in ("package.json", "server.js"):
        shutil.copy(_FOLDER / part, folder)
    shutil.copytree(_FOLDER / "model", folder / "model", dirs_exist_ok=True)
    # no scripts: one would download a binary that is neither needed nor to be had
    npm = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
    subprocess.run(npm, cwd=folder, check=True)
    with create_server((LOOPBACK, 0)) as free:
        port = int(free.getsockname()[1])
    settings = {
        "CUBEJS_DB_TYPE": "postgres",
        "CUBEJS_DB_HOST": LOOPBACK,
        "CUBEJS_DB_PORT": str(home.ports["primary"]),
        "CUBEJS_DB_NAME": DATABASE,
        "CUBEJS_DB_USER": "preorders",
        "CUBEJS_DB_PASS": home.secrets["preorders"],
        "CUBEJS_DB_MAX_POOL": "10",
        "CUBEJS_API_SECRET": "none",
        "CUBEJS_PRE_AGGREGATIONS_BUILDER": "true",
        "CUBEJS_TELEMETRY": "false",
        "NODE_ENV": "production",
    }
    log = (folder / "cube.log").open("w")
    command = ["node", "server.js", str(port)]
    process = subprocess.Popen(command, cwd=folder, env=os.environ | settings, stdout=log, stderr=log)
    try:
        yield port
    finally:
        process.terminate()
        process.wait()
        log.close()


def warm_up(port: int, path: str) -> list[dict[str, str]]:
    """Ask until the pre-aggregation is built; return the rows."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            body = httpx.get(f"http://{LOOPBACK}:{port}{path}", timeout=60).json()
        except httpx.TransportError as error:
            body = {"error": str(error)}
        if "data" in body:
            rows: list[dict[str, str]] = body["data"]
            return rows
        if time.monotonic() > deadline:
            raise SystemExit(f"Cube does not answer: {body}")
        time.sleep(0.5)
