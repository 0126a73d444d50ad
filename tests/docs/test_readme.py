"""The README's commands, run as they stand, in one shell, on a home of their own."""

import os
import re
import subprocess
from pathlib import Path

from conftest import ROOT

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_commands_of_the_readme_work_word_by_word(tmp_path: Path) -> None:
    blocks = _BLOCK.findall((ROOT / "README.md").read_text())
    assert len(blocks) >= 5
    environment = {**os.environ, "PREORDERS_HOME": str(tmp_path / "home"), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        assert done.stdout.count('"window"') == 4, "every curl line answers with a report"
        assert '"preorders_reports_customers"' in done.stdout
        assert "bucket,from,to,partial,orders,units,revenue,deposit_revenue,balance_revenue" in done.stdout
    finally:
        subprocess.run([ROOT / ".venv/bin/preorders", "down", "--home", str(tmp_path / "home")], cwd=ROOT, check=False)


def test_every_file_that_the_documents_link_to_is_there() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
