"""How far somebody has read, and what is theirs."""

from __future__ import annotations

from msgspec import UNSET

from parley import contract, present, web
from parley.calls.answering import parameters
from parley.domain import drafts, participation, reading


async def mark_read(body: contract.ReadBody, room_id: str) -> contract.ReadReply:
    mark = reading.Mark(body.seq, body.hidden)
    now = await reading.mark(web.site().context, room_id, await web.current_session(), mark)
    return contract.ReadReply(read_seq=now.seq, hidden=now.is_hidden)


async def pin_conversation(body: contract.PinnedBody, room_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await participation.pin(web.site().context, room_id, session, is_pinned=body.pinned)
    return contract.DoneReply()


async def draft(room_id: str) -> contract.DraftReply:
    own = await drafts.own(web.site().context, room_id, await web.current_session())
    return contract.DraftReply(text=own.text, version=own.version)


async def keep_draft(body: contract.DraftBody, room_id: str) -> contract.DraftReply:
    session = await web.current_session()
    own = await drafts.keep(web.site().context, room_id, session, body.text, version=body.version)
    return contract.DraftReply(text=own.text, version=own.version)


async def unread(room_id: str) -> contract.UnreadReply:
    query = parameters("unread")
    session = await web.session_if_known()
    return present.missed(
        await reading.missed(web.site().context, room_id, session, after=query.get("after"))
    )


async def mine() -> contract.MineReply:
    query = parameters("mine")
    own, cursor = await participation.page(
        web.site().context,
        await web.session_if_known(),
        limit=query.get("limit", contract.OWN_PAGE_DEFAULT),
        cursor=query.get("cursor"),
    )
    public_url = web.public_url()
    return contract.MineReply(
        conversations=[present.own(each, public_url=public_url) for each in own],
        next_cursor=UNSET if cursor is None else cursor,
    )
