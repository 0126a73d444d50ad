"""The export runs' connections: reports from the replica, job records on the primary."""

import asyncpg

from orchestration.settings import required

_CONNECT_SECONDS = 5
_RECORD_SECONDS = 10


async def connect_to_reports() -> asyncpg.Connection:
    """Connect to the replica. Its statements may take as long as the export does."""
    return await asyncpg.connect(
        required("PREORDERS_EXPORTS_REPLICA_DSN"),
        timeout=_CONNECT_SECONDS,
        server_settings={"application_name": "preorders-exports", "timezone": "UTC"},
    )


def job_records() -> asyncpg.Pool:
    """Return connections to the primary, made anew when it was lost; to be entered with `async with`."""
    return asyncpg.create_pool(
        required("PREORDERS_EXPORTS_PRIMARY_DSN"),
        min_size=1,
        max_size=2,
        timeout=_CONNECT_SECONDS,
        command_timeout=_RECORD_SECONDS,
        server_settings={"application_name": "preorders-exports jobs"},
    )
