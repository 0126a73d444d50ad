"""Health of the process, for whoever starts and watches it."""

from litestar import get
from litestar.datastructures import State

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
