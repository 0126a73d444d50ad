"""What the project's files describe is what is in the database."""

from collections import defaultdict

import pytest
from conftest import Stack

from orchestration.rollups.dbt_project import load_manifest


def test_every_column_that_is_built_is_described_and_no_other(built: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in built.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DBT_TARGET_PATH", str(built.home / "dagster" / "dbt_target"))
    nodes = load_manifest()["nodes"].values()
    described = {node["name"]: set(node["columns"]) for node in nodes if node["resource_type"] in ("model", "seed")}
    found = defaultdict(set)
    with built.primary() as connection:
        for table, column in connection.execute(
            "select table_name, column_name from information_schema.columns where table_schema = 'analytics'"
        ):
            found[table].add(column)
    assert described == {name: found[name] for name in described}
