"""`/help` at every level: the actions below a path, with their request schemas."""

import re
from typing import Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from api.actions import Action, actions, below, levels
from api.paths import BASE_PATH
from api.published_metrics import published_metrics
from api.reports.contract import checked_query
from api.reports.parameters import PREFIX

VERSION = "v2"


def help_handlers() -> list[HTTPRouteHandler]:
    """Return the handlers of `<level>/help`, for every level that has actions at it or below it."""
    return list(map(_help_with_level, levels()))


def _help_with_level(level: str) -> HTTPRouteHandler:
    route = re.sub(r":(\w+)", r"{\1:str}", level)

    @get(f"{BASE_PATH}{route}/help")
    async def help_with_level(request: Request[Any, Any, Any], state: State) -> dict[str, Any]:
        values = checked_query("help", (PREFIX,), request.scope["query_string"])
        known = below(level, await _actions(state))
        found = below(values["prefix"], known) if "prefix" in values else known
        return {"version": VERSION, "base_path": BASE_PATH, "actions": [action.as_help() for action in found]}

    return help_with_level


async def _actions(state: State) -> list[Action]:
    return actions(await published_metrics(state.services.replica))
