"""The request for an export: a JSON body with the read's parameters, and the file's format (spec: api.md, Exports)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from api.reports.contract import Invalid, Request, check
from api.reports.parameters import choice_parameter
from api.reports.query import ReportQuery
from api.reports.report import Report

FORMAT = choice_parameter("format", "Format of the file: csv, or csv.gz (the same, compressed).", ("csv", "csv.gz"))


@dataclass(frozen=True)
class ExportRequest:
    """A checked request for an export.

    Attributes:
        report: the read's request, with the problems that it has.
        file_format: `csv` or `csv.gz`.
    """

    report: Request
    file_format: str

    @property
    def as_json(self) -> dict[str, Any]:
        """What was asked for, however it was written: repetitions are known by it."""
        return {**{name: _as_json(value) for name, value in self.report.values.items()}, FORMAT.name: self.file_format}


def export_schema(read_schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of an export's body: the read's, and `format`."""
    properties = {**read_schema["properties"], FORMAT.name: {**FORMAT.schema, "description": FORMAT.description}}
    return {**read_schema, "properties": properties}


def decode_body(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a request's body.

    Raises:
        Invalid: it is none, or one that JSON parsers read differently.
    """
    try:
        given = json.loads(body.decode(), object_pairs_hook=_unrepeated, parse_constant=_refuse_constant)
        json.dumps(given, ensure_ascii=False).encode()  # fails for half of a surrogate pair
    except Invalid:
        raise
    except (ValueError, RecursionError):  # bad UTF-8, bad JSON, a number of thousands of digits, nested too deeply
        raise Invalid(["body must be a JSON object in UTF-8"]) from None
    if not isinstance(given, dict):
        raise Invalid(["body must be a JSON object"])
    return given


def check_export(report: Report, given: Mapping[str, Any], known_problems: Sequence[str] = ()) -> ExportRequest:
    """Check each parameter; the problems are in `report.problems`, for `resolve` to tell with its own."""
    request = check(report, given, known_problems, (*report.parameters, FORMAT))
    return ExportRequest(request, FORMAT.among(request.values))


def frozen_parameters(request: ExportRequest, query: ReportQuery) -> dict[str, Any]:
    """Return the parameters as JSON with the defaults of now: a job that starts after midnight keeps its window."""
    window = {"from": query.window.first.isoformat(), "to": query.window.last.isoformat()}
    frozen = {**request.as_json, **window, "currency": query.currency}
    del frozen[FORMAT.name]
    return frozen


def file_name(report: str, query: ReportQuery, file_format: str) -> str:
    """Return the name under which the file is downloaded."""
    return f"preorders_{report}_{query.window.first}_{query.window.last}.{file_format}"


def report_of(file_name: str) -> str:
    """Return the report that a file's name tells."""
    return file_name.removeprefix("preorders_").rsplit("_", 2)[0]


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise Invalid(["body must name each key once"])
    return dict(pairs)


def _refuse_constant(name: str) -> Any:
    raise Invalid([f"body must be JSON, which has no {name}"])


def _as_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_as_json(item) for item in value]
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
