"""One shape for every error: `{"errors": [..]}`, each text beginning with what it is about (spec: api.md, Common)."""

import logging
from typing import Any

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException

from api.authentication import Unauthenticated
from api.database import Unavailable
from api.paths import relative
from api.reports.answer import NotBuilt
from api.reports.contract import Invalid
from api.reports.missing_rates import MissingRate

RETRY_SECONDS = 5
_logger = logging.getLogger(__name__)


def error_body(error: Exception, method: str, path: str) -> tuple[int, list[str]]:
    """Return the status and the messages that an error is answered with; nothing of the inside is told."""
    match error:
        case Unauthenticated():
            return 401, ["X-Auth-Token must be a valid API key"]
        case NotFoundException() | MethodNotAllowedException():
            return 404, [f"No v2 action registered for {method} {relative(path)}"]
        case Invalid():
            return 422, error.problems
        case MissingRate():
            return 503, [
                f"currency {error.currency} cannot be shown: there is no exchange rate from"
                f" {error.order_currency} to {error.currency} for {error.day}, nor from the 7 days before"
            ]
        case NotBuilt():
            return 503, ["reports are not built yet for this shop; try again after the next build"]
        case Unavailable():
            return 503, ["database cannot be reached or took too long; try again"]
        case HTTPException() if error.status_code < 500:
            return error.status_code, [error.detail]
    return 500, ["internal error; it has been logged"]


def handle_error(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, list[str]]]:
    """Answer any exception of a handler or of routing."""
    status, messages = error_body(error, request.method, request.url.path)
    if status == 500:
        _logger.error("unexpected error on %s %s", request.method, request.url.path, exc_info=error)
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
    return Response({"errors": messages}, status_code=status, headers=headers, media_type=MediaType.JSON)
