"""What Prometheus reads at /metrics: requests, pools, lag, age of the builds, export jobs."""

import asyncio
import logging
from collections.abc import Awaitable
from math import isnan, nan

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from api.database import Unavailable, read
from api.exports.jobs import STATUSES, count_jobs
from api.reports.published import NotBuilt
from api.servers import LAG_SQL, Connection, Servers

disable_created_metrics()  # type: ignore[no-untyped-call]  # a time for each counter, which nobody asks for
_logger = logging.getLogger(__name__)
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_BUILD_AGE_SQL = "select extract(epoch from now() - max(built_at))::float8 from reports.builds"


class ProcessMetrics:
    """Counts requests as they end; asks the databases when it is read, and tells NaN of what can't be had."""

    def __init__(self, primary: Servers, replica: Servers, stale_seconds: float) -> None:
        self._servers, self._stale_seconds = {"primary": primary, "replica": replica}, stale_seconds
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "preorders_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "preorders_request_seconds", "Time to answer.", ("route",), buckets=_SECONDS, registry=self._registry
        )
        self._connections = self._gauge("preorders_pool_connections", "Connections.", "server", "state")
        self._lag = self._gauge("preorders_replica_lag_seconds", "Age of the last heartbeat that the replica has.")
        self._stale = self._gauge("preorders_replica_stale", "1 while answers say that they are stale, else 0.")
        self._build_age = self._gauge("preorders_build_age_seconds", "Time since the newest build of any shop.")
        self._exports = self._gauge("preorders_export_jobs", "Export jobs on record, by status.", "status")

    def _gauge(self, name: str, documentation: str, *labels: str) -> Gauge:
        return Gauge(name, documentation, labels, registry=self._registry)

    def note_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer. The route is a template, never a path: there is no end of those."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    async def as_text(self) -> bytes:
        """Return all of it in Prometheus' text format; takes a few seconds at most."""
        for server, servers in self._servers.items():
            pool = servers.pool
            self._connections.labels(server, "idle").set(pool.get_idle_size())
            self._connections.labels(server, "in use").set(pool.get_size() - pool.get_idle_size())
        lag, age, _ = await asyncio.gather(
            _known(read(self._servers["replica"], lambda replica: replica.fetchval(LAG_SQL))),
            _known(read(self._servers["replica"], lambda replica: replica.fetchval(_BUILD_AGE_SQL))),
            _known(read(self._servers["primary"], self._set_exports)),
        )
        self._lag.set(lag)
        self._stale.set(lag if isnan(lag) else lag >= self._stale_seconds)
        self._build_age.set(age)
        return generate_latest(self._registry)

    async def _set_exports(self, connection: Connection) -> None:
        jobs = await count_jobs(connection)
        for status in STATUSES:
            self._exports.labels(status).set(jobs.get(status, 0))


async def _known(figure: Awaitable[float | None]) -> float:
    try:
        value = await figure
    except (Unavailable, NotBuilt) as error:
        _logger.warning("a metric cannot be read: %r", error.__cause__ or error)
        return nan
    return nan if value is None else value
