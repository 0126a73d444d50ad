"""OpenAPI, made from the same actions as `/help`; the shape of every answer comes from the registry."""

import re
from http import HTTPStatus
from typing import Any

from api.actions import Action, actions
from api.paths import BASE_PATH
from api.reports.metrics import Metrics
from api.response_schemas import object_schema

_PLACEHOLDER = re.compile(r":(\w+)")
_TEXT = {"type": "string"}
_LIMITS = {
    "X-RateLimit-Limit": "Points of the shop in 60 seconds.",
    "X-RateLimit-Remaining": "Points that are left.",
    "X-RateLimit-Reset": "When points come back, in seconds of Unix time.",
}
_RETRY_AFTER = {"Retry-After": "Seconds after which to try again."}
_OF_A_READ = {
    "ETag": "Of the answer: sent back as If-None-Match, it is answered by 304 while the answer is the same.",
    "Cache-Control": "An answer may be kept, and has to be confirmed with each use.",
}
_ERRORS = {
    400: "The request is no valid HTTP, or its address or headers have more than 64 KiB.",
    401: "The key is missing, unknown, expired or revoked.",
    403: "The key lacks the scope.",
    404: "No such path or verb, or no such job.",
    409: "The job has ended already.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "Something is wrong in the parameters; every problem is told.",
    500: "An internal error.",
    503: (
        "The database cannot be reached or was too slow, an exchange rate is missing, nothing is built yet, or the"
        " numbers lag behind by more than max_lag."
    ),
}


def document(metrics: Metrics) -> dict[str, Any]:
    """Return the OpenAPI document; the metrics are those that answers show."""
    paths: dict[str, dict[str, Any]] = {}
    for action in actions(metrics):
        path = BASE_PATH + _PLACEHOLDER.sub(r"{\1}", action.path)
        paths.setdefault(path, {})[action.method.lower()] = _operation(action)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Preorder Analytics", "version": "2", "description": "Reports on a merchant's preorders."},
        "paths": paths,
        "security": [{"key": []}],
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}},
            "schemas": {
                "Errors": object_schema({"errors": {"type": "array", "items": _TEXT}}),
                "RateLimited": object_schema({"error": _TEXT, "retry_after": {"type": "integer"}, "message": _TEXT}),
            },
        },
    }


def _operation(action: Action) -> dict[str, Any]:
    schema = action.request_schema
    required = [] if "anyOf" not in schema else ["Either offer_id or offer_ids is required."]
    has_body = action.method == "POST" and bool(schema["properties"])
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": _TEXT, "description": text}
        for name, text in (action.path_params or {}).items()
    ]
    in_query = [] if has_body else [_parameter(name, detail) for name, detail in schema["properties"].items()]
    of_read = _OF_A_READ if action.is_report else {}
    success = HTTPStatus.ACCEPTED if action.method == "POST" else HTTPStatus.OK
    operation = {
        "operationId": action.name,
        "summary": action.description,
        "description": " ".join(filter(None, [action.notes, *required])),
        "parameters": [*in_path, *in_query],
        "responses": {
            str(success.value): _content("The answer.", action.answer_schema, _LIMITS | of_read),
            **({"304": {"description": "The answer is the one that If-None-Match names."}} if of_read else {}),
            "429": _content(
                "The rate limit is exceeded.", {"$ref": "#/components/schemas/RateLimited"}, _LIMITS | _RETRY_AFTER
            ),
            **{
                str(status): _content(
                    text, {"$ref": "#/components/schemas/Errors"}, _RETRY_AFTER if status == 503 else {}
                )
                for status, text in _ERRORS.items()
            },
        },
    }
    if has_body:
        key = {"name": "Idempotency-Key", "in": "header", "schema": {**_TEXT, "maxLength": 255}}
        operation["parameters"] = [*in_path, key]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    parameter = {"name": name, "in": "query", "schema": schema, "description": schema["description"]}
    if schema["type"] == "array":
        parameter |= {"style": "form", "explode": False}
    return parameter


def _content(description: str, schema: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    described = {name: {"schema": _TEXT, "description": text} for name, text in headers.items()}
    return {"description": description, "headers": described, "content": {"application/json": {"schema": schema}}}
