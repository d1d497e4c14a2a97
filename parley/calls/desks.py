"""Desks: made, changed and removed by their owners; and what visitors start there."""

from __future__ import annotations

from msgspec import UNSET
from quart import Response

from parley import contract, present, web
from parley.calls.answering import entry
from parley.domain import desks, messages
from parley.records import Role


async def mine() -> contract.DesksReply:
    found = await desks.mine(web.site().context, await web.session_if_known())
    return contract.DesksReply(
        desks=[present.desk(each, public_url=web.public_url()) for each in found]
    )


async def make(body: contract.DeskBody) -> Response:
    wishes = _given(title=body.title, username=body.username, greeting=body.greeting)
    made = await desks.make(web.site().context, await web.current_session(), wishes)
    shown = present.desk(made.desk, public_url=web.public_url())
    reply = contract.DeskReply(desk=shown, token=web.told(made.token))
    return web.remember(web.json(reply, 201), made.token)


async def change(body: contract.ChangeDeskBody, desk_id: str) -> contract.DeskReply:
    wishes = {
        **_given(title=body.title, username=body.username, greeting=body.greeting),
        **({} if body.open is None else {"is_open": body.open}),
    }
    session = await web.current_session()
    changed = await desks.change(web.site().context, session, desk_id, wishes)
    return contract.DeskReply(desk=present.desk(changed, public_url=web.public_url()))


async def remove(desk_id: str) -> contract.DoneReply:
    await desks.remove(web.site().context, await web.current_session(), desk_id)
    return contract.DoneReply()


async def look(desk_id: str) -> contract.OpenDeskReply:
    shown = await desks.look(web.site().context, await web.session_if_known(), desk_id)
    now = UNSET if shown.own is None else shown.own.room_id
    link = UNSET if now is UNSET else present.join_link(now, public_url=web.public_url())
    return contract.OpenDeskReply(desk=present.open_desk(shown.desk), room_id=now, join_link=link)


async def start(body: contract.StartAtDeskBody, desk_id: str) -> Response:
    started = await begin(desk_id, body)
    joined = started.joined
    whole = await entry(started.conversation.room_id, joined.session, started.token)
    reply = contract.StartedReply(
        room_id=whole.room_id,
        join_link=whole.join_link,
        conversation=whole.conversation,
        user_id=joined.participant.user_id,
        username=joined.participant.username,
        role="owner" if joined.participant.role is Role.OWNER else "member",
        token=whole.token,
        desk=desk_id,
    )
    return web.remember(web.json(reply, 201), started.token)


async def begin(desk_id: str, body: contract.StartAtDeskBody) -> desks.Started:
    """Start it, and say there what the visitor wrote."""
    context = web.site().context
    # What can't be sent is refused before anything is begun.
    draft = messages.Draft(body.message) if body.message else None
    if draft is not None:
        messages.checked(draft)
    started = await desks.start(
        context,
        await web.current_session(),
        desk_id,
        username=body.username or "",
        keeps_cookie=web.is_own_page(),
        address=web.address(),
    )
    if draft is not None:
        room_id = started.conversation.room_id
        await messages.send_as(context, room_id, started.joined.session, draft)
    return started


def _given(**fields: str | None) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}
