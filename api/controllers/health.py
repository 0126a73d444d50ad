"""Health of the process, for whoever starts and watches it."""

from litestar import Response, get
from litestar.datastructures import State

from api.database import answers
from api.errors import RETRY_SECONDS


@get("/health/live", sync_to_thread=False)
def live() -> dict[str, str]:
    """Answer while the process works."""
    return {"status": "live"}


@get("/health/ready")
async def ready(state: State) -> Response[dict[str, str] | dict[str, list[str]]]:
    """Answer 200 when reports can be read, else 503."""
    if await answers(state.services.replica):
        return Response({"status": "ready"})
    return Response(
        {"errors": ["replica cannot be reached"]}, status_code=503, headers={"Retry-After": str(RETRY_SECONDS)}
    )
