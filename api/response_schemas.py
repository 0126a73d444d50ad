"""JSON Schema of every answer, from the registry and the metrics' definitions."""

from typing import Any

from api.reports.blocks import Block, Column
from api.reports.metrics import Metrics
from api.reports.report import Report

_INTEGER, _TEXT, _DATE = {"type": "integer"}, {"type": "string"}, {"type": "string", "format": "date"}
_INSTANT = {"type": "string", "format": "date-time"}
_MONEY = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
_METRICS = {"count": _INTEGER, "money": _MONEY, "fraction": {"type": "number"}}
_COLUMNS: dict[str, dict[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "integer": _INTEGER,
    "date": _DATE,
    "boolean": {"type": "boolean"},
    "instant": _INSTANT,
    "label": _TEXT,
    "text": _TEXT,
}
_FRESHNESS = {
    "as_of": {**_INSTANT, "description": "Up to when the numbers are complete."},
    "built_at": {**_INSTANT, "description": "When they were published."},
    "build_id": {**_INTEGER, "description": "The build that last changed a number of the shop."},
    "replica_lag_seconds": {"type": "number", "description": "How far behind what is published the answer may be."},
    "stale": {"type": "boolean", "description": "Whether the lag is more than what the operator calls stale."},
    "reconciled": {
        "type": ["string", "null"],
        "format": "date-time",
        "description": "When all history was last compared with the source and equalled it; null: not yet.",
    },
}
_JOB = {
    "job_id": _TEXT,
    "status": {"type": "string", "enum": ["running", "ready", "failed", "cancelled"]},
    "progress": {"type": "integer", "minimum": 0, "maximum": 100},
    "jobs_before": {**_INTEGER, "description": "While it waits: unfinished jobs that the shop asked for earlier."},
    "error": {**_TEXT, "description": "Of a failed one: why."},
}
_OPTIONAL = ("jobs_before", "error")
_FILE: dict[str, Any] = {
    "download_url": {"type": "string", "format": "uri"},
    "expires_at": {**_INSTANT, "description": "When the address stops working; each poll gives a new one."},
    "file_name": _TEXT,
    "row_count": _INTEGER,
    "size_bytes": _INTEGER,
    "sha256": _TEXT,
}
_META = dict.fromkeys(("total_count", "page", "per_page", "total_pages"), _INTEGER)


def object_schema(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the JSON Schema of an object whose properties are all there, but for the optional ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def response_schema(report: Report, metrics: Metrics) -> dict[str, Any]:
    """Return the JSON Schema of a report's answer."""
    properties: dict[str, Any] = {
        "window": object_schema({"from": _DATE, "to": _DATE}),
        "currency": _TEXT,
        "timezone": _TEXT,
        "filters": {"type": "object", "description": "Those of the request's filters that were given, as understood."},
        "freshness": object_schema(_FRESHNESS),
        "incomplete": {"const": True, "description": "Given when the window reaches past freshness.as_of."},
    }
    asked = report.request_schema(metrics)["properties"]
    properties |= {name: asked[name] for name in report.echoes}
    for block in report.blocks:
        row = _row_schema(report, block, metrics)
        properties[block.key] = {"type": "array", "items": row} if block.has_rows else row
        if block.rows:
            properties[block.key]["description"] = block.rows
        if block.paged:
            properties["meta"] = object_schema(_META)
    return object_schema(properties, optional=("incomplete",))


def _row_schema(report: Report, block: Block, metrics: Metrics) -> dict[str, Any]:
    columns: dict[str, Any] = {name: _column_schema(column) for name, column in block.columns.items()}
    for name in block.metrics or metrics.names:
        metric = metrics.by_name.get(name)
        if metric is not None:
            schema = _nullable(_METRICS[metric.unit]) if metric.kind == "ratio" else _METRICS[metric.unit]
            columns[name] = {**schema, "description": metric.description}
    columns |= {name: _column_schema(column) for name, column in block.trailing_columns.items()}
    chosen = tuple(metrics.names) if "metrics" in report.echoes else ()
    return object_schema(columns, optional=chosen)


def _column_schema(column: Column) -> dict[str, Any]:
    schema = _nullable(_COLUMNS[column.type]) if column.nullable else dict(_COLUMNS[column.type])
    if column.values:
        schema["enum"] = list(column.values)
    if column.description:
        schema["description"] = column.description
    return schema


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_CATALOG = {"name": _TEXT, "description": _TEXT, "aliases": _list(_TEXT), "url": _TEXT}
_LISTED_JOB = {**_JOB, "report": _TEXT, "file_name": _TEXT, "created_at": _INSTANT, "finished_at": _nullable(_INSTANT)}
_DEFINITION = {
    **dict.fromkeys(("metric", "description", "unit", "kind"), _TEXT),
    **{name: _nullable(_TEXT) for name in ("formula", "date_rule", "currency_rule")},
    **{name: _list(_TEXT) for name in ("adds_over", "reports", "models")},
}
CATALOG = object_schema({"reports": _list(object_schema(_CATALOG))})
DEFINITIONS = object_schema({"metrics": _list(object_schema(_DEFINITION))})
EXPORT_ACCEPTED = object_schema({"job_id": _TEXT, "status_url": _TEXT})
EXPORTS = object_schema({"exports": _list(object_schema(_LISTED_JOB, _OPTIONAL)), "meta": object_schema(_META)})
EXPORT_STATUS = object_schema({**_JOB, **_FILE}, (*_OPTIONAL, *_FILE))
EXPORT_CANCELLED = object_schema(_JOB, _OPTIONAL)
