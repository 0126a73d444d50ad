"""What is public: the OpenAPI document and its page, the guide for assistants, and the index of all of them.

The page's scripts come from here, not from a network of others.
"""

from typing import Any

from litestar import MediaType, Request, get
from litestar.datastructures import State
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.router import Router
from litestar.static_files import create_static_files_router
from swagger_ui_bundle import swagger_ui_path

from api.actions import actions
from api.guide import INDEX, guide_text
from api.openapi import document
from api.paths import GUIDE_PATH
from api.published_metrics import published_metrics

MARKDOWN = "text/markdown"
_ASSETS = "/docs/assets"
_PAGE = SwaggerRenderPlugin(
    js_url=f"{_ASSETS}/swagger-ui-bundle.js",
    css_url=f"{_ASSETS}/swagger-ui.css",
    standalone_preset_js_url=f"{_ASSETS}/swagger-ui-standalone-preset.js",
    favicon="",
)


@get("/openapi.json")
async def openapi_document(state: State) -> dict[str, Any]:
    """Answer with the OpenAPI document."""
    return await _document(state)


@get("/docs", media_type=MediaType.HTML)
async def openapi_page(request: Request[Any, Any, Any], state: State) -> bytes:
    """Answer with the page that shows it."""
    return _PAGE.render(request, await _document(state))


@get(GUIDE_PATH, media_type=MARKDOWN)
async def guide(state: State) -> str:
    """Answer with the guide, its table of actions made from those that are there."""
    return guide_text(actions(await published_metrics(state.services.replica)))


@get("/llms.txt", media_type=MARKDOWN, sync_to_thread=False)
def index() -> str:
    """Answer with the index of what there is to read."""
    return INDEX


def assets() -> Router:
    """Return the route to the page's scripts and styles."""
    return create_static_files_router(path=_ASSETS, directories=[swagger_ui_path])


async def _document(state: State) -> dict[str, Any]:
    return document(await published_metrics(state.services.replica))
