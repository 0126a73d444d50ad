"""One shape for every error: `{"errors": [..]}`, each text beginning with what it is about (spec: api.md, Common)."""

import logging
from dataclasses import dataclass
from typing import Any

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from api.authentication import Unauthenticated
from api.database import Unavailable
from api.exports.jobs import AlreadyFinished, UnknownJob
from api.exports.object_store import NoAddress
from api.paths import relative
from api.reports.contract import Invalid
from api.reports.missing_rates import MissingRate
from api.reports.published import Lagging, NotBuilt

RETRY_SECONDS = 5
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ErrorAnswer:
    """How an error is answered."""

    status: int
    body: dict[str, list[str]]
    headers: dict[str, str]


def answer_error(error: Exception, method: str, path: str) -> ErrorAnswer:
    """Return the answer to any exception; log the ones that nobody foresaw."""
    status, messages = _told(error, method, path)
    if status == 500:
        _logger.error("unexpected error on %s %s", method, path, exc_info=error)
    elif isinstance(error, (Unavailable, NoAddress)):
        _logger.warning("no answer to %s %s: %r", method, path, error.__cause__)
    return ErrorAnswer(status, {"errors": messages}, {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {})


def handle_error(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, list[str]]]:
    """Answer any exception of a handler or of routing."""
    answer = answer_error(error, request.method, request.url.path)
    return Response(answer.body, status_code=answer.status, headers=answer.headers, media_type=MediaType.JSON)


def _told(error: Exception, method: str, path: str) -> tuple[int, list[str]]:
    """Return the status and the messages; nothing of the inside is told."""
    match error:
        case Unauthenticated():
            return 401, ["X-Auth-Token must be a valid API key"]
        case NotFoundException() | MethodNotAllowedException():
            return 404, [f"No v2 action registered for {method} {relative(path)}"]
        case UnknownJob():
            return 404, ["job_id is not one of this shop's exports; a job is kept for 24 hours after its end"]
        case AlreadyFinished():
            return 409, [f"job_id names an export that has ended: it is {error.status}"]
        case Invalid():
            return 422, error.problems
        case MissingRate() | NotBuilt() | Lagging():
            return 503, [str(error)]
        case NoAddress():
            return 503, ["download_url cannot be made now; the file is there, try again"]
        case Unavailable():
            return 503, ["database cannot be reached or took too long; try again"]
        case RequestEntityTooLarge():
            return 413, ["body must be at most 64 KiB"]
        case HTTPException(detail="client disconnected prematurely"):  # a 500 of Litestar's, which nobody reads
            return 400, ["body must come whole"]
        case HTTPException() if error.status_code < 500:
            return error.status_code, [error.detail]
    return 500, ["internal error; it has been logged"]
