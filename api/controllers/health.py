"""Health and metrics of the process, for whoever starts and watches it."""

from litestar import Response, get
from litestar.datastructures import State
from prometheus_client import CONTENT_TYPE_LATEST

from api.database import check_builds


@get("/health/live", sync_to_thread=False)
def live() -> dict[str, str]:
    """Answer while the process works."""
    return {"status": "live"}


@get("/health/ready")
async def ready(state: State) -> dict[str, str]:
    """Answer 200 when reports can be read, else 503."""
    await check_builds(state.services.replica)
    return {"status": "ready"}


@get("/metrics")
async def metrics(state: State) -> Response[bytes]:
    """Answer with what Prometheus collects: numbers of all shops together, nothing of any."""
    return Response(await state.services.metrics.as_text(), media_type=CONTENT_TYPE_LATEST)
