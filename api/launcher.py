"""Launches an export's run right after its job was written, without keeping the caller waiting."""

import asyncio
import logging

import httpx

from api.exports.jobs import ExportJob
from api.exports.launch import LaunchRefused, launch_export

_logger = logging.getLogger(__name__)


class Launcher:
    """Talks to Dagster's webserver; a launch that fails is only slower, since the keeper of exports makes up for it."""

    def __init__(self, dagster_url: str | None) -> None:
        """Use the webserver at this address; None leaves all launching to the keeper."""
        # without the environment's proxies, which know nothing of this neighbour
        self._client = httpx.AsyncClient(base_url=dagster_url, trust_env=False) if dagster_url else None
        self._launches: set[asyncio.Task[None]] = set()

    def start(self, job: ExportJob) -> None:
        """Begin to launch the job's run, and return at once."""
        if self._client is not None:
            task = asyncio.create_task(self._launch(self._client, job))
            self._launches.add(task)
            task.add_done_callback(self._launches.discard)

    async def close(self) -> None:
        """Finish the launches that are under way."""
        await asyncio.gather(*self._launches)
        if self._client is not None:
            await self._client.aclose()

    async def _launch(self, client: httpx.AsyncClient, job: ExportJob) -> None:
        try:
            run_id = await launch_export(client, job)
        except (httpx.HTTPError, LaunchRefused, ValueError) as error:
            _logger.warning("%s is left to the keeper of exports: %s", job.job_id, str(error) or type(error).__name__)
        else:
            _logger.info("%s is made by run %s", job.job_id, run_id)
