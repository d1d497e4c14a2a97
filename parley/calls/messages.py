"""What is said."""

from __future__ import annotations

from msgspec import UNSET

from parley import contract, present, web
from parley.calls.answering import changed, parameters
from parley.domain import asks, messages, pins, reactions


async def history(room_id: str) -> contract.MessagesReply:
    query = parameters("messages")
    context, session = web.site().context, await web.session_if_known()
    found, has_more = await messages.history(
        context,
        room_id,
        session,
        limit=query.get("limit", contract.MESSAGES_PAGE_DEFAULT),
        before=query.get("before"),
        after=query.get("after"),
    )
    own = await reactions.own_unnamed(context, room_id, session, found)
    return contract.MessagesReply(
        messages=[present.message(said, own) for said in found], has_more=has_more
    )


async def send(body: contract.SendBody, room_id: str) -> contract.SendReply:
    session = await web.current_session()
    draft = messages.Draft(
        body.message,
        body.type,
        body.client_id,
        body.reply_to,
        tuple(body.mentions or ()),
        tuple(body.attachments or ()),
        asks.kept_buttons(body.buttons),
    )
    sent = await messages.send_as(web.site().context, room_id, session, draft)
    ack = present.sent(sent.message, duplicate=sent.duplicate)
    return contract.SendReply(
        id=ack.id, seq=ack.seq, timestamp=ack.timestamp, duplicate=ack.duplicate
    )


async def edit_message(
    body: contract.EditBody, room_id: str, message_id: str
) -> contract.MessageReply:
    context, session = web.site().context, await web.current_session()
    edited = await messages.edit(
        context,
        room_id,
        session,
        message_id,
        body.message,
        body.mentions or (),
        asks.kept_buttons(body.buttons),
    )
    return changed(edited)


async def delete_message(room_id: str, message_id: str) -> contract.MessageReply:
    session = await web.current_session()
    message = await messages.delete(web.site().context, room_id, session, message_id)
    return contract.MessageReply(message=present.message(message))


async def pinned(room_id: str) -> contract.PinsReply:
    skip = parameters("pins").get("skip", 0)
    found, has_more = await pins.pinned(
        web.site().context, room_id, await web.session_if_known(), skip=skip
    )
    return contract.PinsReply(
        messages=[present.message(each) for each in found], has_more=has_more or UNSET
    )


async def pin_message(room_id: str, message_id: str) -> contract.MessageReply:
    context, session = web.site().context, await web.current_session()
    return changed(await pins.pin(context, room_id, session, message_id, on=True))


async def unpin_message(room_id: str, message_id: str) -> contract.MessageReply:
    context, session = web.site().context, await web.current_session()
    return changed(await pins.pin(context, room_id, session, message_id, on=False))
