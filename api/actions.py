"""The actions of the API: one list from which `/help` and OpenAPI are made."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from api.paths import BASE_PATH, REPORTS_PATH
from api.reports.metrics import Metrics
from api.reports.registry import REPORTS

_NOTHING = {"type": "object", "properties": {}, "additionalProperties": False}
_NOTES = {
    "summary": "The totals include the payment split: deposits_collected, balances_collected, balances_outstanding.",
    "revenue": "include_deposits and include_balances are echoed; at least one must be true.",
    "by_variant": "offer_id (or offer_ids) is required. One row for each variant attached now, and each sold.",
    "cancellations": "Orders without a cancel_reason appear under the reason `unknown`.",
    "balance_collection": "balances_outstanding is a state at the end of `to`; never sum it over days.",
}


@dataclass(frozen=True)
class Action:
    """One method of one path.

    Attributes:
        name: unique; words joined by underscores.
        method, path: the path is relative to the base path, with `:name` placeholders.
        description, aliases, notes: for people.
        request_schema: JSON Schema of the parameters.
        path_params: what stands for the placeholders.
    """

    name: str
    method: str
    path: str
    description: str
    aliases: tuple[str, ...]
    request_schema: dict[str, Any]
    path_params: dict[str, str] | None = None
    notes: str | None = None

    def as_help(self) -> dict[str, Any]:
        """Return the action as `/help` shows it."""
        shown = {
            "name": self.name,
            "method": self.method,
            "path": self.path,
            "description": self.description,
            "aliases": list(self.aliases),
            "request_schema": self.request_schema,
        }
        optional = {"path_params": self.path_params, "notes": self.notes}
        return shown | {name: value for name, value in optional.items() if value}


def actions(metrics: Metrics) -> list[Action]:
    """Return every action; the metrics are those that by_date can be asked for."""
    reads = [
        Action(
            name=f"preorders_reports_{report.name}",
            method="GET",
            path=f"{REPORTS_PATH}/{report.name}",
            description=report.description,
            aliases=report.aliases,
            request_schema=report.request_schema(metrics),
            notes=_NOTES.get(report.name),
        )
        for report in REPORTS.values()
    ]
    return [
        Action("preorders_reports", "GET", REPORTS_PATH, "Catalog of the reports.", ("catalog", "reports"), _NOTHING),
        *reads,
    ]


def catalog() -> dict[str, Any]:
    """Return the catalog of the reports (`GET /preorders/reports`)."""
    return {
        "reports": [
            {
                "name": report.name,
                "description": report.description,
                "aliases": list(report.aliases),
                "url": f"{BASE_PATH}{REPORTS_PATH}/{report.name}",
            }
            for report in REPORTS.values()
        ]
    }


def below(prefix: str, known: Iterable[Action]) -> list[Action]:
    """Return the actions at a path or below it; the root has all."""
    level = prefix.rstrip("/")
    return [action for action in known if action.path == level or action.path.startswith(f"{level}/")]
