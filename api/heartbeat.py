"""The heartbeat: an instant on the primary, written every second, whose age on the replica is the replica's lag.

Comparing positions in the log says "caught up" when the receiver is cut, and the last replayed transaction's age
grows on an idle primary; a row that must arrive says the truth in every fault.
"""

import asyncio
import logging

from api.database import read
from api.servers import Connection, Servers

_EVERY_SECONDS = 1.0
_logger = logging.getLogger(__name__)


async def beat(primary: Servers) -> None:
    """Write the heartbeat until cancelled; while the primary is away it stops, and the lag shows it."""

    async def write(connection: Connection) -> None:
        await connection.execute("update service.heartbeat set beat_at = clock_timestamp()")

    is_lost = False
    while True:
        try:
            await read(primary, write)
            is_lost = False
        except Exception as error:  # whatever it is, the next beat may succeed
            if not is_lost:
                _logger.warning("heartbeat stopped: the primary cannot be written to (%s)", error.__cause__ or error)
            is_lost = True
        await asyncio.sleep(_EVERY_SECONDS)
