"""The actions of the API: one list from which `/help` and OpenAPI are made."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from api.exports.request import export_schema
from api.paths import BASE_PATH, EXPORTS_PATH, REPORTS_PATH
from api.reports.metrics import Metrics
from api.reports.parameters import PAGING, parameters_schema
from api.reports.registry import REPORTS
from api.response_schemas import (
    CATALOG,
    DEFINITIONS,
    EXPORT_ACCEPTED,
    EXPORT_CANCELLED,
    EXPORT_STATUS,
    EXPORTS,
    response_schema,
)

_NOTHING = {"type": "object", "properties": {}, "additionalProperties": False}
_JOB = {"job_id": "Id of an export job: exp_ and 16 hexadecimal digits."}


@dataclass(frozen=True)
class Action:
    """One method of one path.

    Attributes:
        name: unique; words joined by underscores.
        method, path: the path is relative to the base path, with `:name` placeholders.
        description, aliases, notes: for people.
        request_schema, answer_schema: JSON Schema of the parameters, and of the answer when all went well.
        is_report: whether it reads a report, whose answers have tags.
        path_params: what stands for the placeholders.
    """

    name: str
    method: str
    path: str
    description: str
    aliases: tuple[str, ...]
    request_schema: dict[str, Any]
    answer_schema: dict[str, Any]
    path_params: dict[str, str] | None = None
    notes: str | None = None
    is_report: bool = False

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
            answer_schema=response_schema(report, metrics),
            notes=report.notes,
            is_report=True,
        )
        for report in REPORTS.values()
    ]
    exports = [
        Action(
            name=f"{read.name}_export",
            method="POST",
            path=f"{read.path}/export",
            description=f"Export as CSV: {read.description}",
            aliases=tuple(f"{alias} csv" for alias in read.aliases),
            request_schema=export_schema(read.request_schema),
            answer_schema=EXPORT_ACCEPTED,
            notes="Answers 202 with a job to poll. An Idempotency-Key header makes a repetition safe for 24 hours.",
        )
        for read in reads
    ]
    return [
        Action(
            "preorders_reports",
            "GET",
            REPORTS_PATH,
            "Catalog of the reports.",
            ("catalog", "reports"),
            _NOTHING,
            CATALOG,
        ),
        Action(
            "preorders_reports_definitions",
            "GET",
            f"{REPORTS_PATH}/definitions",
            "What each metric means: formula, date rule, currency rule, and what it adds up over.",
            ("metrics", "metric definitions", "glossary"),
            _NOTHING,
            DEFINITIONS,
        ),
        *reads,
        *exports,
        Action(
            "preorders_reports_exports",
            "GET",
            EXPORTS_PATH,
            "The shop's export jobs, the newest first.",
            ("exports", "export jobs"),
            parameters_schema(PAGING),
            EXPORTS,
        ),
        Action(
            "preorders_reports_export_status",
            "GET",
            f"{EXPORTS_PATH}/:job_id",
            "State of an export job, and the address of its file once it is ready.",
            ("export status", "poll export", "download"),
            _NOTHING,
            EXPORT_STATUS,
            _JOB,
            "The address works for 7 days; the job is kept for 24 hours after its end.",
        ),
        Action(
            "preorders_reports_export_cancel",
            "POST",
            f"{EXPORTS_PATH}/:job_id/cancel",
            "Cancel an export job that has not ended.",
            ("cancel export",),
            _NOTHING,
            EXPORT_CANCELLED,
            _JOB,
        ),
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


def levels() -> list[str]:
    """Return every path at which or below which there are actions; the root is empty."""
    found: dict[str, None] = {}
    for action in actions(Metrics(())):
        parts = action.path.split("/")
        found |= dict.fromkeys("/".join(parts[:length]) for length in range(1, len(parts) + 1))
    return list(found)
