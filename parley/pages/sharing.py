"""Something that another app shares into Parley: which conversation is it for?

https://w3c.github.io/web-share-target/. The service worker takes it before it comes here
(`static/js/worker/share.js`); where there is none yet, words come here, and are only shown.
"""

from __future__ import annotations

from quart import Blueprint, render_template, request

from parley import web
from parley.pages.own import own_conversations

ADDRESS = "/share"

sharing_pages = Blueprint("sharing_pages", __name__)
sharing_pages.before_request(web.admit)


@sharing_pages.get(ADDRESS)
async def share() -> str:
    return await _page("", has_failed="failed" in request.args)


@sharing_pages.post(ADDRESS)
async def shared() -> str:
    """Nothing is done with it but to show it: no seal is needed."""
    form = await request.form
    words = dict.fromkeys(form.get(name, "") for name in ("title", "text", "url"))
    return await _page("\n".join(filter(None, words)), has_failed=False)


async def _page(text: str, *, has_failed: bool) -> str:
    own = await own_conversations()
    return await render_template("pages/share.html", own=own, text=text, has_failed=has_failed)
