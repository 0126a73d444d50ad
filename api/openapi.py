"""OpenAPI, made from the same actions as `/help`, and the shape of every answer from the registry."""

from typing import Any

from api.actions import Action, actions
from api.paths import BASE_PATH, REPORTS_PATH
from api.reports.blocks import Block
from api.reports.metrics import Metrics
from api.reports.registry import REPORTS
from api.reports.report import Report

_INTEGER, _TEXT, _DATE = {"type": "integer"}, {"type": "string"}, {"type": "string", "format": "date"}
_MAYBE_TEXT, _MAYBE_INTEGER = {"type": ["string", "null"]}, {"type": ["integer", "null"]}
_INSTANT, _MAYBE_INSTANT = (
    {"type": "string", "format": "date-time"},
    {"type": ["string", "null"], "format": "date-time"},
)
_UUID = {"type": "string", "format": "uuid"}
_MONEY = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
_METRICS = {"count": _INTEGER, "money": _MONEY, "fraction": {"type": "number"}}
_COLUMNS: dict[str, dict[str, Any]] = {
    "offer_id": _UUID,
    "variant_id": _INTEGER,
    "customer_id": _INTEGER,
    "product_id": _MAYBE_INTEGER,
    "from": _DATE,
    "to": _DATE,
    "partial": {"type": "boolean"},
    "reason": _TEXT,
    "first_order_at": _MAYBE_INSTANT,
    "last_order_at": _MAYBE_INSTANT,
}
_ECHOES = {
    "granularity": _TEXT,
    "include_deposits": {"type": "boolean"},
    "include_balances": {"type": "boolean"},
    "metrics": {"type": "array", "items": _TEXT},
}
_FRESHNESS = {
    "as_of": _INSTANT,
    "built_at": _INSTANT,
    "build_id": _INTEGER,
    "replica_lag_seconds": {"type": "number"},
    "reconciled": _MAYBE_INSTANT,
}
_ERRORS = {
    401: "The key is missing, unknown, expired or revoked.",
    404: "No such path or verb.",
    413: "The body is too large.",
    422: "Something is wrong in the parameters; every problem is told.",
    500: "An internal error.",
    503: "The database cannot be reached or was too slow, an exchange rate is missing, or nothing is built yet.",
}


def document(metrics: Metrics) -> dict[str, Any]:
    """Return the OpenAPI document; the metrics are those that answers show."""
    paths: dict[str, dict[str, Any]] = {}
    for action in actions(metrics):
        paths.setdefault(BASE_PATH + action.path, {})[action.method.lower()] = _operation(action, metrics)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Preorder Analytics", "version": "2", "description": "Nine preorder reports."},
        "paths": paths,
        "security": [{"key": []}],
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}},
            "schemas": {
                "Errors": _object({"errors": {"type": "array", "items": _TEXT}}),
                "RateLimited": _object({"error": _TEXT, "retry_after": _INTEGER, "message": _TEXT}),
            },
        },
    }


def _operation(action: Action, metrics: Metrics) -> dict[str, Any]:
    schema = action.request_schema
    required = [] if "anyOf" not in schema else [" Either offer_id or offer_ids is required."]
    report = REPORTS.get(action.path.rpartition("/")[2])
    answer = response_schema(report, metrics) if report and action.path != REPORTS_PATH else {"type": "object"}
    return {
        "operationId": action.name,
        "summary": action.description,
        "description": " ".join(filter(None, [action.notes, *required])),
        "parameters": [_parameter(name, detail) for name, detail in schema["properties"].items()],
        "responses": {
            "200": _content("The answer.", answer),
            "429": _content("The rate limit is exceeded.", {"$ref": "#/components/schemas/RateLimited"}),
            **{
                str(status): _content(text, {"$ref": "#/components/schemas/Errors"}) for status, text in _ERRORS.items()
            },
        },
    }


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    parameter = {"name": name, "in": "query", "schema": schema, "description": schema["description"]}
    if schema["type"] == "array":
        parameter |= {"style": "form", "explode": False}
    return parameter


def _content(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _object(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def response_schema(report: Report, metrics: Metrics) -> dict[str, Any]:
    """Return the JSON Schema of a report's answer."""
    properties: dict[str, Any] = {
        "window": _object({"from": _DATE, "to": _DATE}),
        "currency": _TEXT,
        "timezone": _TEXT,
        "filters": {"type": "object"},
        "freshness": _object(_FRESHNESS),
        "incomplete": {"const": True, "description": "Given when the window reaches past freshness.as_of."},
    }
    properties |= {name: _ECHOES[name] for name in report.echoes}
    for block in report.blocks:
        row = _row_schema(report, block, metrics)
        properties[block.key] = {"type": "array", "items": row} if block.has_rows else row
        if block.paged:
            properties["meta"] = _object(dict.fromkeys(("total_count", "page", "per_page", "total_pages"), _INTEGER))
    return _object(properties, optional=("incomplete",))


def _row_schema(report: Report, block: Block, metrics: Metrics) -> dict[str, Any]:
    columns: dict[str, Any] = {name: _column_schema(name, block) for name in block.columns}
    for name in block.metrics or metrics.names:
        metric = metrics.by_name.get(name)
        if metric is not None:
            schema: dict[str, Any] = dict(_METRICS[metric.unit])
            if metric.kind == "ratio":
                schema["type"] = [schema["type"], "null"]
            columns[name] = {**schema, "description": metric.description}
    columns |= {name: _column_schema(name, block) for name in block.trailing_columns}
    chosen = tuple(metrics.names) if "metrics" in report.echoes else ()
    return _object(columns, optional=chosen)


def _column_schema(name: str, block: Block) -> dict[str, Any]:
    if name == "bucket":
        return _DATE if block.grouping.is_series else _TEXT
    return _COLUMNS.get(name, _MAYBE_TEXT)
