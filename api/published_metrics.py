"""The metrics that `/help` and OpenAPI name."""

from api.database import Unavailable, read
from api.reports.metrics import Metrics
from api.reports.published import NotBuilt, read_metrics
from api.servers import Servers


async def published_metrics(replica: Servers) -> Metrics:
    """Return the metrics as published; none while they can't be read, since the documents stand without them."""
    try:
        return await read(replica, read_metrics)
    except (Unavailable, NotBuilt):
        return Metrics(())
