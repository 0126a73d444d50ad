"""Generated requests, by the API's own OpenAPI document: no 5xx, no status and no shape that it doesn't name."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Stack
from data.golden import DOMAIN

CONFIG = Path(__file__).with_name("schemathesis.toml")


def schemathesis(stack: Stack, folder: Path, *options: str) -> None:
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIG), "run", "--no-color"),
            *("--phases", "fuzzing", "--request-timeout", "3", "--max-response-time", "3", *options),
            stack.environment["PREORDERS_API_URL"] + "/openapi.json",
        ],
        cwd=folder, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr


@pytest.mark.parametrize(
    "options",
    [
        # valid exports would become runs; invalid ones must not
        ("--include-method", "GET", "--mode", "all", "--max-examples", "8"),
        ("--include-method", "POST", "--mode", "negative", "--max-examples", "8"),
    ],
    ids=["reads", "writes"],
)
def test_generated_requests(built: Stack, tmp_path: Path, options: tuple[str, ...]) -> None:
    built.client(DOMAIN)
    schemathesis(built, tmp_path, "--header", f"X-Auth-Token: {built.keys[DOMAIN]}", *options)


def test_generated_requests_without_a_key(built: Stack, tmp_path: Path) -> None:
    schemathesis(built, tmp_path, "--max-examples", "3")
