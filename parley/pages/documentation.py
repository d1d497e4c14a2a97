"""The documentation, as its generator made it: `make docs`, and whatever installs Parley.

What the pages there may do, and how they look, is in `tools/documentation/`.
"""

from __future__ import annotations

import asyncio
import mimetypes
from pathlib import Path

from quart import Blueprint, Response, request

from parley import web
from parley.errors import NotFound

FOLDER = Path(__file__).parent.parent / "documentation"
ADDRESS = "/docs/"
_START = "index.html"
_TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".html": "text/html"}
_NOT_BUILT = (
    "The documentation isn't part of this installation. It is in the folder docs of Parley's "
    "source: run make docs there, and restart Parley."
)


def is_there() -> bool:
    return (FOLDER / _START).exists()


def documentation_pages() -> Blueprint:
    pages = Blueprint("documentation", __name__)
    pages.before_request(web.admit)
    # Only what was there at the start is served: no path leads out of the folder.
    files = {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.rglob("*.*")}

    @pages.get(ADDRESS)
    @pages.get(f"{ADDRESS}<path:name>")
    async def file(name: str = _START) -> Response:
        path = files.get(name)
        if path is None:
            raise NotFound("There's no such page." if files else _NOT_BUILT)
        type = _TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "text/plain"
        charset = "; charset=utf-8" if type.startswith("text/") else ""
        content = await asyncio.to_thread(path.read_bytes)
        response = Response(content, content_type=type + charset)
        response.headers["Cache-Control"] = "no-cache"
        await response.add_etag()
        return await response.make_conditional(request)

    return pages
