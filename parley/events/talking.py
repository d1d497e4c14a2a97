"""What is said: sending, deleting, catching up, typing."""

from __future__ import annotations

from parley import contract, present, records
from parley.domain import access, asks, conversations, messages, participants, reactions, text
from parley.domain.changing import Changed
from parley.errors import ConversationIsOver, NotJoined
from parley.events.coming import join_room
from parley.events.site import Outcome, Site, find, refuse_unseated
from parley.limits.limiter import Kind, Who
from parley.live.audience import Client


def send_message(site: Site, client: Client, data: contract.SendMessage) -> Outcome:
    draft = messages.Draft(
        data.message,
        data.type,
        data.client_id,
        data.reply_to,
        tuple(data.mentions or ()),
        tuple(data.attachments or ()),
        asks.kept_buttons(data.buttons),
    )
    seat = client.seats.get(data.room_id)
    if seat is None or seat.person is None:
        return _send_unseated(site, client, data, draft)
    _check_claims(seat.person, data)
    return messages.send(site.context, seat.person, draft)


async def _send_unseated(
    site: Site, client: Client, data: contract.SendMessage, draft: messages.Draft
) -> messages.Sent:
    """Nobody can come back into what is over, but may ask again for an answer they missed."""
    room_id, session = data.room_id, client.session_in(data.room_id)
    if session is not None and session.is_bot:
        return await messages.send_as(site.context, room_id, session, draft)
    try:
        person = await _come_back(site, client, data)
    except ConversationIsOver:
        sent = await messages.sent_before(site.context, room_id, session, draft)
        if sent is None:
            raise
        return sent
    return await messages.send(site.context, person, draft)


async def edit_message(site: Site, client: Client, data: contract.EditMessage) -> Changed:
    session = client.session_in(data.room_id)
    return await messages.edit(
        site.context,
        data.room_id,
        session,
        data.id,
        data.message,
        data.mentions or (),
        asks.kept_buttons(data.buttons),
    )


async def delete_message(
    site: Site, client: Client, data: contract.DeleteMessage
) -> contract.ChangedAck:
    message = await messages.delete(
        site.context, data.room_id, client.session_in(data.room_id), data.id
    )
    return contract.ChangedAck(seq=message.changed_seq)


def react(site: Site, client: Client, data: contract.React) -> Outcome:
    seat = client.seats.get(data.room_id)
    if seat is None or seat.person is None:
        session = client.session_in(data.room_id)
        return reactions.react_as(
            site.context, data.room_id, session, data.id, data.emoji, on=data.on
        )
    return reactions.react(site.context, seat.person, data.id, data.emoji, on=data.on)


async def sync(site: Site, client: Client, data: contract.Sync) -> contract.SyncAck:
    if data.room_id not in client.seats:
        await find(site, client, data.room_id)
        raise NotJoined
    limit = data.limit or contract.SYNC_PAGE_MAX
    found = await conversations.changes(
        site.context,
        data.room_id,
        client.session_in(data.room_id),
        since=data.since,
        limit=limit,
    )
    if (seat := client.seats.get(data.room_id)) is not None:
        seat.asked_to = max(seat.asked_to, found.seq)
    return present.changes(found)


def typing(site: Site, client: Client, data: contract.Typing) -> Outcome:
    seat = client.seats.get(data.room_id)
    if seat is None or seat.person is None:
        return _type_unseated(site, client, data)
    _check_claims(seat.person, data)
    if site.audience.rooms[seat.conversation_id].is_over:
        raise ConversationIsOver
    messages.type_(site.context, seat.person, is_typing=bool(data.is_typing))
    return contract.OkAck()


async def _type_unseated(site: Site, client: Client, data: contract.Typing) -> contract.OkAck:
    session = client.session_in(data.room_id)
    if session is not None and session.is_bot:
        found = await find(site, client, data.room_id)
        access.require_open(found.conversation)
        person = access.require_being_bot(found.person)
        messages.type_(site.context, person, is_typing=bool(data.is_typing))
        return contract.OkAck()
    if not data.is_typing:  # as clients say once more when they go
        await refuse_unseated(site, client, data.room_id)
    person = await _come_back(site, client, data)
    messages.type_(site.context, person, is_typing=bool(data.is_typing))
    return contract.OkAck()


async def _come_back(
    site: Site, client: Client, data: contract.SendMessage | contract.Typing
) -> records.Participant:
    """Seat whom it names, where that may be taken up without a token: the original system's
    clients connect again by themselves and talk on without joining.

    Raises what a client is told that has not joined.
    """
    room_id, session = data.room_id, client.session_in(data.room_id)
    joining = participants.Joining(
        session=session,
        user_id=data.user_id,
        username=data.username,
        socket=client.sid,
        proven=client.credential_in(room_id).proven,
        address=client.address,
    )
    if data.user_id and await participants.may_come_back(site.context, room_id, joining):
        who, address, _ = client.keys_in(room_id)
        await site.limits.spend(Kind.JOINS, Who(who, address))
        await join_room(site, client, contract.JoinRoom(room_id=room_id, user_id=data.user_id))
    seat = client.seats.get(room_id)
    if seat is None or seat.person is None:
        await refuse_unseated(site, client, room_id)
    _check_claims(seat.person, data)
    return seat.person


def _check_claims(
    person: records.Participant, data: contract.SendMessage | contract.Typing
) -> None:
    """Whom a socket is in the room. What the client says of itself is checked, not used."""
    if data.user_id or data.username:
        access.require_same_person(
            person, user_id=data.user_id, username=text.claimed_name(data.username)
        )
