"""The dbt project keeps its promises to whoever reads it: grains, descriptions, one definition of a metric."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from jinja2 import Environment
from oracle.metrics import EVERY_METRIC

_NUMBERS = {"smallint", "integer", "bigint", "numeric"}
_UNUSED = {
    f"PREORDERS_{name}": "1" for name in ("DBT_HOST", "DBT_PORT", "DBT_DBNAME", "ANALYST_USER", "ANALYST_PASSWORD")
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Parse the project; no database is needed for that."""
    target = tmp_path_factory.mktemp("target")
    dbt = Path(sys.executable).with_name("dbt")
    command = [dbt, "--quiet", "parse", "--project-dir", "dbt_project", "--target-path", target, "--log-path", target]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, **_UNUSED})
    nodes = json.loads((target / "manifest.json").read_text())["nodes"].values()
    return {node["name"]: node for node in nodes if node["resource_type"] in ("model", "seed")}


def test_every_description_ends_with_the_grain(models: dict[str, Any]) -> None:
    for name, model in models.items():
        last_sentence = model["description"].rstrip(".").split(". ")[-1]
        assert last_sentence.startswith("One row"), name


def test_every_column_is_described_and_says_its_type(models: dict[str, Any]) -> None:
    for name, model in models.items():
        assert model["columns"], f"{name} describes no column"
        for column in model["columns"].values():
            assert column["description"].endswith("."), f"{name}.{column['name']} needs a description, as a sentence"
            assert column["data_type"], f"{name}.{column['name']}"


def test_every_number_says_what_it_may_be_summed_over(models: dict[str, Any]) -> None:
    for name, model in models.items():
        for column in model["columns"].values():
            if column["data_type"] not in _NUMBERS or column["name"].endswith("_id"):
                continue
            adds_over = column["config"]["meta"].get("adds_over")
            assert adds_over is not None, f"{name}.{column['name']} needs adds_over in the meta of its config"
            assert set(adds_over) <= {"days", "lines"}, f"{name}.{column['name']}"


def test_a_state_is_told_from_its_steps(models: dict[str, Any]) -> None:
    for metric in models["metric_definitions"]["config"]["meta"]["metrics"]:
        if metric["kind"] == "state":
            assert "days" not in metric["adds_over"], metric["name"]
            column = metric["name"] + ("_minor" if metric["unit"] == "money" else "")
            for name, model in models.items():
                if name != "fct_missing_rates" and column in model["columns"]:
                    assert "The state at a day is the sum of all steps" in model["columns"][column]["description"], name


def test_what_is_published_has_a_grain_and_a_contract(models: dict[str, Any]) -> None:
    published = {name: model for name, model in models.items() if model["config"]["meta"].get("published")}
    assert len(published) > 15
    for name, model in published.items():
        assert model["config"]["contract"]["enforced"], name
        assert set(model["config"]["meta"]["grain"]) <= model["columns"].keys(), name


def test_a_rollups_period_and_keys_are_those_of_its_meta(models: dict[str, Any]) -> None:
    told: dict[str, tuple[str, set[str]]] = {}

    def note(name: str, period: str, keys: list[str]) -> str:
        told[name] = period, {"shop_id", "currency", "starts_on", *keys}
        return ""

    for name, model in models.items():
        if name.startswith("rollup_") and name != "rollup_customer_gaps":
            from_ledger, from_finer = partial(_noted, note, name, 0), partial(_noted, note, name, 1)
            macros = {"rollup": from_ledger, "rollup_counted": from_ledger, "rollup_longer": from_finer, "ref": str}
            Environment().from_string(model["raw_code"]).render(macros)
    assert len(told) > 15
    for name, (period, grain) in told.items():
        meta = models[name]["config"]["meta"]
        assert (period, grain) == (meta["period"], set(meta["grain"])), name


def _noted(note: Callable[[str, str, list[str]], str], name: str, first: int, *arguments: Any, **_: Any) -> str:
    return note(name, arguments[first], arguments[first + 1])


def test_metrics_are_defined_once_and_in_the_order_of_the_reports(models: dict[str, Any]) -> None:
    defined = models["metric_definitions"]["config"]["meta"]["metrics"]
    assert [metric["name"] for metric in defined] == list(EVERY_METRIC)


def test_every_summed_metric_is_a_column_of_the_ledger_and_the_rollups(models: dict[str, Any]) -> None:
    for metric in models["metric_definitions"]["config"]["meta"]["metrics"]:
        if metric["kind"] in ("additive", "state"):
            column = metric["name"] + ("_minor" if metric["unit"] == "money" else "")
            for model in ("fct_ledger", "rollup_variants_daily", "rollup_variants_weekly", "rollup_variants_monthly"):
                assert column in models[model]["columns"], f"{model} lacks {column}"


def test_the_recipe_for_a_metric_names_every_model_that_has_all_metrics(models: dict[str, Any]) -> None:
    recipe = re.search(r"\*\*An additive metric\*\*.*?\n\n\*\*", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    assert recipe is not None
    summed = {name.rpartition("_")[0] for name, model in models.items() if "refunds_count" in model["columns"]}
    assert set(re.findall(r"`(rollup_\w+)_\*`", recipe[0])) == summed - {"fct"}


def test_every_published_rollup_is_reconciled(models: dict[str, Any]) -> None:
    compared = models["reconciliation_rollups"]["depends_on"]["nodes"]
    for name, model in models.items():
        if name.startswith("rollup_"):
            assert model["unique_id"] in compared, f"{name}: nothing compares it, see CONTRIBUTING.md, A dimension"


def test_source_tables_are_named_by_staging_models_alone() -> None:
    for file in (ROOT / "dbt_project").rglob("*.sql"):
        if "target" not in file.parts and "staging" not in file.parts:
            assert "source(" not in file.read_text(), file.name


def test_no_view_reads_a_table_that_is_dropped_in_each_build(models: dict[str, Any]) -> None:
    dropped = {model["unique_id"] for model in models.values() if model["config"]["materialized"] == "table"}
    for name, model in models.items():
        if model["config"]["materialized"] == "view":
            assert not dropped & set(model["depends_on"]["nodes"]), f"{name}: builds leave views as they are"
