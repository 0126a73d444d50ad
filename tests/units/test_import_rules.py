"""Who may import whom (DECISIONS.md, "Folders")."""

import pkgutil
import subprocess
import sys
import tomllib

from conftest import ROOT


def test_the_import_rules_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_orchestration_is_kept_from_all_else_of_the_api() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [contract] = [one for one in contracts if one.get("source_modules") == ["orchestration"]]
    modules = {f"api.{found.name}" for found in pkgutil.iter_modules([str(ROOT / "api")])}
    used = {"api.exports", "api.keys", "api.reports", "api.servers"}
    assert {name for name in contract["forbidden_modules"] if name.startswith("api.")} == modules - used - {
        "api.__main__"
    }


def test_the_exports_location_loads_without_dbt() -> None:
    program = (
        "import sys, orchestration.exports.definitions;"
        "sys.exit(any(name.split('.')[0] in ('dbt', 'dagster_dbt') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0
