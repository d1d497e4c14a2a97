"""Pages of ours in frames on other sites' pages.

The script that makes them is `static/js/embed.js`; in the frame runs `static/js/frame.js`.
"""

from __future__ import annotations

from quart import Blueprint, Response, has_request_context

from parley import web
from parley.pages.assets import Assets

SCRIPT = "/embed.js"
SOURCE = "js/embed.js"
SCRIPT_MAX_AGE_S = 600
"""Its address is in other people's pages and never changes: so each version reaches them soon."""


def is_framed() -> bool:
    """Whether the page that is made is for a frame."""
    return has_request_context() and web.is_framed()


def framing_pages(assets: Assets) -> Blueprint:
    pages = Blueprint("framing", __name__)

    @pages.get(SCRIPT)
    async def script() -> Response:
        response = assets.answer(SOURCE)
        response.headers["Cache-Control"] = f"public, max-age={SCRIPT_MAX_AGE_S}"
        # It is for other sites' pages, and holds nothing of anybody's.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    return pages
