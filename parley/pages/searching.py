"""The pages of a search: in a conversation, and in all that a browser takes part in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple
from urllib.parse import urlencode

from quart import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from parley import contract, present, web
from parley.calls.searching import zone_of
from parley.domain import conversations, searching, searching_all
from parley.errors import BadRequest, ParleyError, RateLimited
from parley.limits.limiter import Kind
from parley.pages.door import AT_THE_DOOR, Refused, door, refused
from parley.pages.rendering import render_long
from parley.records import Conversation, Hits

search_pages = Blueprint("search_pages", __name__)
search_pages.before_request(web.admit)

READINGS_MAX = 5
"""A long search answers in pieces: so many are read for one page where nothing is found."""

Find = Callable[..., Awaitable[Hits]]


class Asked(NamedTuple):
    """What the address asks for."""

    typed: str
    by: str
    zone: str
    cursor: str | None

    @property
    def is_ranked(self) -> bool:
        return self.by == searching.RELEVANCE

    def address(self, path: str, cursor: str = "") -> str:
        """Of the same search, from its beginning or from there."""
        by = self.by if self.is_ranked else ""
        parts = {"q": self.typed, "by": by, "zone": self.zone, "cursor": cursor}
        return f"{path}?{urlencode({name: part for name, part in parts.items() if part})}"

    def way(self) -> str:
        """What leads from a result back into the search."""
        return urlencode({"find": self.typed} | ({"by": self.by} if self.is_ranked else {}))


class Answer(NamedTuple):
    found: Hits | None = None
    """None where nothing was looked for."""
    error: ParleyError | None = None


@search_pages.get("/conversation/<room_id>/search")
async def in_conversation(room_id: str) -> AnyResponse | str | Refused:
    context, session = web.site().context, await web.session_if_known()
    try:
        conversation = (await conversations.find(context, room_id, session)).conversation
    except AT_THE_DOOR as refusal:
        return await door(room_id, refusal)
    asked = _asked()
    if conversation.room_id != room_id:
        where = f"/conversation/{conversation.room_id}/search"
        return web.go_on(asked.address(where))
    if conversation.is_encrypted:  # it is searched on its own page
        return await _page(asked, Answer(), conversation)
    find = partial(searching.in_conversation, context, room_id, session, by=asked.by)
    return await _page(asked, await _answer(asked, find, room_id), conversation)


@search_pages.get("/search")
async def everywhere() -> str | Refused:
    asked = _asked()
    session = await web.session_if_known()
    find = partial(searching_all.search, web.site().context, session, by=asked.by)
    return await _page(asked, await _answer(asked, find))


def _asked() -> Asked:
    by = request.args.get("by")
    return Asked(
        request.args.get("q", "").strip(),
        searching.RELEVANCE if by == searching.RELEVANCE else searching.TIME,
        request.args.get("zone", ""),
        request.args.get("cursor") or None,
    )


async def _answer(asked: Asked, find: Find, room_id: str = "") -> Answer:
    if not asked.typed:
        return Answer()
    try:
        zone = zone_of(asked.zone)
        async with web.limited(Kind.SEARCHES, room_id):
            look = partial(find, asked.typed, limit=contract.SEARCH_PAGE_DEFAULT, zone=zone)
            return Answer(await _until_found(look, asked.cursor))
    except (BadRequest, RateLimited) as error:
        return Answer(error=error)


async def _until_found(look: Find, cursor: str | None) -> Hits:
    """Where a piece of the history has nothing, go on with the next."""
    page = await look(cursor=cursor)
    for _ in range(READINGS_MAX - 1):
        if page.found or page.next_cursor is None:
            break
        page = await look(cursor=page.next_cursor)
    return page


async def _page(
    asked: Asked, answer: Answer, conversation: Conversation | None = None
) -> str | Refused:
    everywhere = f"{web.root()}/search"
    path = everywhere
    if conversation is not None:
        path = f"{web.root()}/conversation/{conversation.room_id}/search"
    found, error = answer
    shown = None if found is None else present.found(found, is_everywhere=conversation is None)
    next_cursor = None if found is None else found.next_cursor
    page = await render_long(
        "pages/search.html",
        conversation=conversation,
        path=path,
        asked=asked,
        results=None if shown is None else shown.results,
        error=None if error is None else error.text,
        newest_url=asked._replace(by=searching.TIME).address(path),
        best_url=asked._replace(by=searching.RELEVANCE).address(path),
        first_url=asked.address(path) if asked.cursor else None,
        next_url=asked.address(path, next_cursor) if next_cursor else None,
        everywhere_url=asked._replace(by=searching.TIME).address(everywhere),
        max_chars=contract.SEARCH_MAX_CHARS,
    )
    return page if error is None else refused(page, error)
