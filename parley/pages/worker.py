"""The service worker: what a browser keeps of us, so that pages open at once and offline.

https://www.w3.org/TR/service-workers/. Its source is in `static/js/worker/`. Browsers ask for it
again whenever a page is opened, and take another for a new version of all of it.
"""

from __future__ import annotations

import json

from quart import Blueprint, Response, render_template

from parley import web
from parley.pages.assets import Assets

ADDRESS = "/worker.js"
"""At the root, as a worker has no say above its own folder."""
OFFLINE = "/offline"
"""What a worker shows for a page that is not kept; the same for everybody."""
SOURCE, SOURCE_OF_NONE = "js/worker.js", "js/worker-off.js"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""What it may do: ask us, and nobody else."""


def worker_pages(assets: Assets, *, is_on: bool) -> Blueprint:
    """`is_on`: else it is one that takes away any other, with what it kept."""
    content = script(assets, is_on=is_on)
    pages = Blueprint("worker", __name__)

    @pages.get(ADDRESS)
    async def worker() -> Response:
        response = Response(content, content_type="text/javascript; charset=utf-8")
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @pages.get(OFFLINE)
    async def offline() -> str:
        await web.admit()
        return await render_template("pages/offline.html")

    return pages


def script(assets: Assets, *, is_on: bool) -> bytes:
    made = assets.made_of(SOURCE) if is_on else None
    # As source it is of modules. Where none was ever made of it, there is none.
    if made is None:
        return assets.content(SOURCE_OF_NONE)
    about = json.dumps(
        {"version": assets.version, "root": assets.root, "assets": assets.for_pages()}
    )
    return f"self.PARLEY={about};\n".encode() + made
