"""The guards that `make mutations` takes out are where it looks for them, and so are the tests that must notice."""

from pathlib import Path

import pytest
from mutations.guards import GUARDS, Guard

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.what)
def test_a_guard_stands_where_it_is_looked_for(guard: Guard) -> None:
    assert (ROOT / guard.file).read_text().count(guard.text) == 1
    file, _, name = guard.test.partition("::")
    assert f"def {name.partition('[')[0]}" in (ROOT / file).read_text()
