"""Who may import whom (DECISIONS.md, "Folders")."""

import subprocess
import sys

from conftest import ROOT


def test_the_import_rules_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_exports_location_loads_without_dbt() -> None:
    program = (
        "import sys, orchestration.exports.definitions;"
        "sys.exit(any(name.split('.')[0] in ('dbt', 'dagster_dbt') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0
