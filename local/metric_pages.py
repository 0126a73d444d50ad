"""`make docs`: a page for each metric and their table in docs/metrics, written from the one definition."""

from collections.abc import Mapping
from typing import Any

import yaml

from api.reports.definitions import definitions
from api.reports.metrics import Metrics
from local.home import PROJECT_ROOT

PAGES = PROJECT_ROOT / "docs" / "metrics"
MODELS = PROJECT_ROOT / "dbt_project" / "models"
_DEFINED_IN = MODELS / "metrics" / "_metrics.yml"
_GENERATED = "<!-- Written by `make docs` from dbt_project/models/metrics/_metrics.yml: edit that. -->\n\n"


def main() -> None:
    """Write the pages, and remove those of metrics that are gone."""
    pages = metric_pages()
    PAGES.mkdir(exist_ok=True)
    for file in PAGES.glob("*.md"):
        if file.name not in pages:
            file.unlink()
    for name, text in pages.items():
        (PAGES / name).write_text(text)


def metric_pages() -> dict[str, str]:
    """Return the text of each page by its file name."""
    defined = definitions(defined_metrics())
    pages = {f"{one['metric']}.md": _page(one) for one in defined}
    return {"README.md": _table(defined), **pages}


def defined_metrics() -> Metrics:
    """Return the metrics as the dbt project defines them, in the shape in which they are published."""
    [model] = yaml.safe_load(_DEFINED_IN.read_text())["models"]
    return Metrics.from_rows(
        {
            **dict.fromkeys(("numerator", "entity", "day")),
            **metric,
            "metric": metric["name"],
            "denominator": "+".join(metric.get("denominator", ())),
            "adds_over": ",".join(metric["adds_over"]),
        }
        for metric in model["config"]["meta"]["metrics"]
    )


def _table(defined: list[dict[str, Any]]) -> str:
    rows = [f"| [{one['metric']}]({one['metric']}.md) | {one['unit']} | {_adds_over(one)} |" for one in defined]
    lines = ["# Metrics", "", "In the order of the reports.", "", "| metric | unit | adds up over |", "|---|---|---|"]
    return _GENERATED + "\n".join([*lines, *rows]) + "\n"


def _page(one: Mapping[str, Any]) -> str:
    facts = {
        "unit": one["unit"],
        "formula": one["formula"],
        "date rule": one["date_rule"],
        "currency rule": one["currency_rule"],
        "adds up over": _adds_over(one),
        "shown in": ", ".join(one["reports"]),
        "models": ", ".join(f"[{name}]({_link(name)})" for name in one["models"]),
    }
    rows = [f"| {name} | {text} |" for name, text in facts.items()]
    return (
        _GENERATED + "\n".join([f"# {one['metric']}", "", one["description"], "", "| | |", "|---|---|", *rows]) + "\n"
    )


def _adds_over(one: Mapping[str, Any]) -> str:
    if one["adds_over"]:
        return " and ".join(one["adds_over"])
    return "nothing: ask for the window and the filters that you mean"


def _link(model: str) -> str:
    [file] = MODELS.rglob(f"{model}.sql")
    return f"../../{file.relative_to(PROJECT_ROOT)}"


if __name__ == "__main__":
    main()
