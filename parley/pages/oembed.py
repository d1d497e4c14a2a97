"""oEmbed 1.0: what other programs may put in the place of a link of ours (https://oembed.com/).

It tells whoever has a link what its page's card tells everybody, and how large a frame of it is.
"""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree as ET

from quart import Blueprint, Response, request

from parley import contract, web
from parley.contract import decode
from parley.domain import conversations, desks
from parley.errors import NotFound, OriginRefused
from parley.pages import previews
from parley.pages.door import AT_THE_DOOR

ADDRESS = "/oembed"
WIDTH_PX, HEIGHT_PX = 640, 480
CACHE_AGE_S = 600
SANDBOX = (
    "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox "
    "allow-downloads allow-modals"
)
_OURS = re.compile(r"/(conversation|desk)/([A-Za-z0-9_-]+)/?")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What no document may hold, written in whatever way (XML 1.0, section 2.2)."""
_NO_LINK = "This isn't the link of a conversation here."

oembed_pages = Blueprint("oembed", __name__)


@oembed_pages.get(ADDRESS)
async def oembed() -> Response:
    """Asked by servers: no page of another site may try links for its visitors here either."""
    if not web.site().origins.may_look(web.asking()):
        raise OriginRefused
    await web.admit_by_code()
    if (form := request.args.get("format", "json")) not in ("json", "xml"):
        return Response("Formats are json and xml.", 501, content_type="text/plain")
    kind, id = _asked_for()
    said = _described(f"/{kind}/{id}", await _title(kind, id))
    if form == "xml":
        return Response(_xml(said), content_type="text/xml; charset=utf-8")
    return web.json(said)


def discovery(room_id: str) -> str:
    """Where programs that read the page of a conversation ask for the same."""
    query = urlencode({"url": f"{web.public_url()}/conversation/{room_id}", "format": "json"})
    return f"{web.public_url()}{ADDRESS}?{query}"


def _asked_for() -> tuple[str, str]:
    try:
        url = urlsplit(request.args.get("url", "")[:2_000])
    except ValueError:
        raise NotFound(_NO_LINK) from None
    ours = urlsplit(web.public_url())
    path = url.path.removeprefix(ours.path)
    found = _OURS.fullmatch(path)
    is_here = (url.scheme, url.netloc) == (ours.scheme, ours.netloc)
    if not is_here or not url.path.startswith(ours.path) or found is None:
        raise NotFound(_NO_LINK)
    return found[1], found[2]


async def _title(kind: str, id: str) -> str:
    """Raises `NotFound` and, which counts as a guess, `ConversationNotFound`."""
    context = web.site().context
    if kind == "desk":
        return (await desks.look(context, None, id)).desk.username
    try:
        found = (await conversations.find(context, id, None)).conversation
    except AT_THE_DOOR:
        return previews.title(None)
    return previews.title(found)


def _described(path: str, title: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "version": "1.0",
        "type": "link",
        "title": title,
        "provider_name": "Parley",
        "provider_url": web.public_url(),
        "cache_age": CACHE_AGE_S,
    }
    if web.site().config.embedding_origins:  # else no page could show it
        width, height = _bounded("maxwidth", WIDTH_PX), _bounded("maxheight", HEIGHT_PX)
        frame = _frame(path, title, width, height)
        said |= {"type": "rich", "html": frame, "width": width, "height": height}
    return said


def _bounded(name: str, usual: int) -> int:
    if (given := request.args.get(name)) is None:
        return usual
    wanted: int = decode.from_query(given, name, contract.Pixels)
    return min(usual, wanted)


def _frame(path: str, title: str, width: int, height: int) -> str:
    attributes = {
        "src": web.public_url() + path,
        "title": title,
        "width": str(width),
        "height": str(height),
        "loading": "lazy",
        "referrerpolicy": "no-referrer",
        "allow": "autoplay; clipboard-write",
        "sandbox": SANDBOX,
    }
    given = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items())
    return f"<iframe {given}></iframe>"


def _xml(said: dict[str, Any]) -> bytes:
    root = ET.Element("oembed")
    for name, value in said.items():
        ET.SubElement(root, name).text = _NOT_XML.sub("\ufffd", str(value))
    head = b'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n'
    body: bytes = ET.tostring(root, encoding="utf-8")
    return head + body
