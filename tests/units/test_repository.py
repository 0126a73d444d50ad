"""What may stand in the repository: no secrets, and no dependency without its hash."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from api.keys import generate_key


def scanned(file: Path) -> int:
    """Return the exit code of the scan that `make lint` does, of one file."""
    command = [str(Path(sys.executable).with_name("detect-secrets-hook")), "-p", ".ci/preorders_keys.py", str(file)]
    return subprocess.run(command, cwd=ROOT, capture_output=True).returncode


@pytest.mark.parametrize(
    "line",
    [f"the one that ends soon is {generate_key()}", "aws_key = 'AKIA" + "Q3EGR7N4TESTQ2WX'", "nothing"],
    ids=["a key of ours", "a key of the store's", "none"],  # without the keys, which are drawn anew
)
def test_the_scan_of_lint_finds_keys(tmp_path: Path, line: str) -> None:
    file = tmp_path / "notes.md"
    file.write_text(line + "\n")
    assert scanned(file) == (0 if line == "nothing" else 1)


def test_every_dependency_has_its_version_and_hash_and_no_address() -> None:
    for name in ("constraints.txt", "tests/browser/requirements.txt"):
        text = (ROOT / name).read_text()
        packages = re.split(r"\n(?! )", text.strip())
        assert len(packages) >= 2
        for package in packages:
            assert re.match(r"[a-z0-9-]+(\[[a-z,-]+\])?==\S+ ", package), package
            assert "--hash=sha256:" in package, package
        assert "://" not in text and "index-url" not in text
