"""Questions to Dagster's webserver, by GraphQL."""

import time
from typing import Any

import httpx

from local.errors import StackError

LOCATIONS_QUERY = """
query Locations { workspaceOrError { ... on Workspace { locationEntries {
    name loadStatus locationOrLoadError { __typename ... on PythonError { message causes { message } } }
} } } }
"""
HEARTBEATS = """
query Heartbeats { instance { daemonHealth { allDaemonStatuses { daemonType required lastHeartbeatTime } } } }
"""
ATTEMPTS = 4
HIDE_WELCOME = "mutation HideWelcome { setNuxSeen }"


class DagsterClient:
    """One webserver's GraphQL.

    Args:
        url: the webserver's address, without a trailing slash.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        # Without the environment's proxies, which know nothing of this machine's own ports.
        self._http = httpx.Client(timeout=30, trust_env=False)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The answer's data.

        Raises:
            httpx.HTTPError: the webserver can't be reached.
            StackError: it answered with an error.
        """
        body = self._post({"query": query, "variables": variables}).json()
        if body.get("errors"):
            raise StackError(f"Dagster refused a question: {body['errors'][0]['message']}")
        data: dict[str, Any] = body["data"]
        return data

    def _post(self, question: dict[str, Any]) -> httpx.Response:
        # After the database was restarted, each of the webserver's pools finds that out by a failed
        # request. A launch may be asked for twice by this: two builds run one after the other.
        for _ in range(ATTEMPTS):
            answer = self._http.post(f"{self.url}/graphql", json=question)
            if not answer.is_server_error:
                break
            time.sleep(0.5)
        answer.raise_for_status()
        return answer

    def locations_missing(self, *names: str) -> str | None:
        """None when the code locations are loaded, else which is not.

        Raises:
            CodeNotLoaded: the code of one can't be imported; waiting won't help.
        """
        entries = self.ask(LOCATIONS_QUERY)["workspaceOrError"].get("locationEntries", [])
        loaded = {entry["name"]: entry for entry in entries}
        for name in names:
            entry = loaded.get(name)
            if entry is None or entry["loadStatus"] != "LOADED" or entry["locationOrLoadError"] is None:
                return f"code location {name} is not loaded yet"
            error = entry["locationOrLoadError"]
            if error["__typename"] == "PythonError":
                # The innermost cause is the module's own; Dagster's around it says only where.
                raise CodeNotLoaded(name, [error, *error["causes"]][-1]["message"])
        return None

    def daemons_silent_since(self, instant: float) -> str | None:
        """None when every daemon gave a sign of life after the instant, else one that did not.

        Dagster's own `healthy` holds for half an hour after a daemon died.
        """
        statuses = self.ask(HEARTBEATS)["instance"]["daemonHealth"]["allDaemonStatuses"]
        for status in statuses:
            if status["required"] and (status["lastHeartbeatTime"] or 0) < instant:
                return f"no sign of life from {status['daemonType']} yet"
        return None if statuses else "no daemon is known yet"

    def hide_welcome(self) -> None:
        """Dagster's welcome dialog covers the first view of its pages."""
        self.ask(HIDE_WELCOME)


class CodeNotLoaded(Exception):
    """A code server runs, but its module can't be imported."""

    def __init__(self, location: str, message: str) -> None:
        super().__init__(message.strip().split("\n", 1)[0])
        self.location = location
