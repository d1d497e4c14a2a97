"""`parley tail`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from parley.client import Client, Happened, types
from parley.talking.joining import Who, joined, link_of, watching
from parley.talking.paging import page
from parley.talking.telling import as_json as in_json
from parley.talking.telling import told

EVENTS = (
    "new_message",
    "message_changed",
    "messages_erased",
    "conversation_ended",
    "key_changed",
)


ENDED = "This conversation has ended."


async def follow(link: str, who: Who, *, since: int | None, last: int, as_json: bool) -> None:
    """Until the conversation ends. Without a name nobody sees who reads."""
    come = watching if who.name is None else joined
    async with come(link_of(link), who) as talk:
        if not talk.conversation.is_active:
            await _tell_what_has_ended(talk, since, last, as_json=as_json)
            return
        async for happened in _all(talk, since, last):
            _print(happened, as_json=as_json)


async def _tell_what_has_ended(
    talk: Client, since: int | None, last: int, *, as_json: bool
) -> None:
    async for happened in _before(talk, since, last):
        _print(happened, as_json=as_json)
    ended = types.ConversationEnded(
        room_id=talk.link.room_id, message=ENDED, seq=talk.conversation.seq
    )
    _print(Happened("conversation_ended", ended), as_json=as_json)


def _print(happened: Happened, *, as_json: bool) -> None:
    for line in [in_json(happened.name, happened.data)] if as_json else told(happened):
        print(line, flush=True)


async def _all(talk: Client, since: int | None, last: int) -> AsyncIterator[Happened]:
    """What was said, and then what happens: nothing between is lost, and nothing comes twice."""
    events = talk.events(*EVENTS)
    first = asyncio.ensure_future(anext(events, None))
    await asyncio.sleep(0)  # it listens from here on
    known = -1
    async for message in _before(talk, since, last):
        known = max(known, message.data.seq)
        yield message
    happened = await first
    while happened is not None:
        if happened.name != "new_message" or happened.data.seq > known:
            yield happened
        happened = await anext(events, None)


async def _before(talk: Client, since: int | None, last: int) -> AsyncIterator[Happened]:
    has_more = since is not None
    if since is None and last:
        for message in (await page(talk, limit=last)).messages:
            yield Happened("new_message", message, message.seq)
    while has_more:
        found = await page(talk, after=since)
        for message in found.messages:
            yield Happened("new_message", message, message.seq)
        since, has_more = found.last, found.has_more
