"""Finding messages."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from parley import contract, present, web
from parley.calls.answering import parameters
from parley.domain import reactions, searching, searching_all
from parley.domain.time_zones import zone_called
from parley.errors import BadRequest


async def search(room_id: str) -> contract.SearchReply:
    query = parameters("search")
    context, session = web.site().context, await web.session_if_known()
    page = await searching.in_conversation(
        context,
        room_id,
        session,
        query.get("q", ""),
        limit=query.get("limit", contract.SEARCH_PAGE_DEFAULT),
        cursor=query.get("cursor"),
        by=query.get("by", searching.TIME),
        zone=zone_of(query.get("zone")),
    )
    messages = tuple(hit.message for hit in page.found)
    own = await reactions.own_unnamed(context, room_id, session, messages)
    return present.found(page, own)


async def search_all() -> contract.SearchReply:
    query = parameters("search_all")
    page = await searching_all.search(
        web.site().context,
        await web.session_if_known(),
        query.get("q", ""),
        limit=query.get("limit", contract.SEARCH_PAGE_DEFAULT),
        cursor=query.get("cursor"),
        by=query.get("by", searching.TIME),
        zone=zone_of(query.get("zone")),
    )
    return present.found(page, is_everywhere=True)


def zone_of(name: str | None) -> ZoneInfo | None:
    """By the name that IANA gives it. Raises `BadRequest` for what is none."""
    if not name:
        return None
    if (zone := zone_called(name)) is None:
        raise BadRequest("zone must be a time zone such as Europe/Berlin.")
    return zone
