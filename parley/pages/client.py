"""The client for JavaScript, as one module at one address that pages and programs of others import,
and its types.

Its source is `static/js/client.js`; docs/client-js.md says what it does.
"""

from __future__ import annotations

from pathlib import Path

from quart import Blueprint, Response, request
from quart_cors import cors

from parley.pages.assets import Assets

ADDRESS, TYPES_ADDRESS = "/client.js", "/client.d.ts"
SOURCE = "js/client.js"
TYPES = Path(__file__).with_name("client.d.ts")
"""For programs in TypeScript."""


def client_pages(assets: Assets, *, allowed_origins: tuple[str, ...]) -> Blueprint:
    """Pages of `allowed_origins` may import it; programs ask with no origin."""
    module, types = _module(assets), TYPES.read_bytes()
    pages = Blueprint("client", __name__)

    @pages.get(ADDRESS)
    async def client() -> Response:
        return await _sent(module, "text/javascript")

    @pages.get(TYPES_ADDRESS)
    async def client_types() -> Response:
        return await _sent(types, "text/plain")

    return cors(
        pages, allow_origin=list(allowed_origins), allow_methods=["GET"], allow_credentials=False
    )


async def _sent(content: bytes, type: str) -> Response:
    """Asked for anew each time, and sent where it is another: it goes with the server."""
    response = Response(content, content_type=f"{type}; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    await response.add_etag()
    return await response.make_conditional(request)


def _module(assets: Assets) -> bytes:
    """As one file, or where none was ever made of it, its source: of modules, for pages of ours."""
    made = assets.made_of(SOURCE)
    return made or f'export * from "{assets.url(SOURCE)}";\n'.encode()
