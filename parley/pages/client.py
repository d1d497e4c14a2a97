"""The client for JavaScript, as one module at one address that pages and programs of others import.

Its source is `static/js/client.js`; docs/client-js.md says what it does.
"""

from __future__ import annotations

from quart import Blueprint, Response, request
from quart_cors import cors

from parley.pages.assets import Assets

ADDRESS = "/client.js"
SOURCE = "js/client.js"


def client_pages(assets: Assets, *, allowed_origins: tuple[str, ...]) -> Blueprint:
    """Pages of `allowed_origins` may import it; programs ask with no origin."""
    content = _module(assets)
    pages = Blueprint("client", __name__)

    @pages.get(ADDRESS)
    async def client() -> Response:
        response = Response(content, content_type="text/javascript; charset=utf-8")
        # Asked for anew each time, and sent where it is another: it goes with the server.
        response.headers["Cache-Control"] = "no-cache"
        await response.add_etag()
        return await response.make_conditional(request)

    return cors(
        pages, allow_origin=list(allowed_origins), allow_methods=["GET"], allow_credentials=False
    )


def _module(assets: Assets) -> bytes:
    """As one file, or where none was ever made of it, its source: of modules, for pages of ours."""
    made = assets.made_of(SOURCE)
    return made or f'export * from "{assets.url(SOURCE)}";\n'.encode()
