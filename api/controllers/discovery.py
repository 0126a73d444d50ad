"""`/help` at every level: the actions below a path, with their request schemas."""

from typing import Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException

from api.actions import Action, actions, below
from api.database import Connection, read
from api.paths import BASE_PATH
from api.reports.answer import read_metrics
from api.reports.contract import Invalid
from api.reports.metrics import Metrics

VERSION = "v2"


@get(f"{BASE_PATH}/help")
async def help_with_all(request: Request[Any, Any, Any], state: State) -> dict[str, Any]:
    """Answer with all actions, or those below `?prefix=`."""
    given = request.query_params.dict()
    if unknown := sorted(given.keys() - {"prefix"}):
        raise Invalid([f"{name} is not a parameter of help; it takes prefix" for name in unknown])
    prefixes = given.get("prefix", [""])
    if len(prefixes) != 1:
        raise Invalid(["prefix must be given once"])
    return _help(below(prefixes[0], await _actions(state)))


@get(f"{BASE_PATH}/{{path:path}}")
async def help_with_level(path: str, state: State) -> dict[str, Any]:
    """Answer `<level>/help` with the actions at this level and below it; no other path is known."""
    level, _, last = path.rpartition("/")
    found = below(level, await _actions(state)) if last == "help" else []
    if not found:
        raise NotFoundException
    return _help(found)


async def _actions(state: State) -> list[Action]:
    async def work(connection: Connection) -> Metrics:
        return await read_metrics(connection)

    return actions(await read(state.services.replica, work))


def _help(found: list[Action]) -> dict[str, Any]:
    return {"version": VERSION, "base_path": BASE_PATH, "actions": [action.as_help() for action in found]}
