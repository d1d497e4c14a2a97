"""Coming in and going: joining, reading along, leaving, knocking."""

from __future__ import annotations

from msgspec import UNSET

from parley import contract, present
from parley.domain import access, conversations, entering, knocking, participants, sessions
from parley.errors import (
    BadRequest,
    Forbidden,
    NotJoined,
    ParleyError,
    PassphraseRequired,
    ReadProofRequired,
)
from parley.events.site import Site, find
from parley.limits.limiter import Who
from parley.live.audience import Client, Credential
from parley.live.seating import check_room_for_more


async def join_room(site: Site, client: Client, data: contract.JoinRoom) -> contract.JoinAck:
    if data.token:
        session = await sessions.resolve(site.context, data.token)
        if session is None:
            raise Forbidden("Unknown token. Join without it.")
        access.require_allowed(session, contract.BOTS_EVENTS["join_room"])
        client.credential = Credential(session, proven=True, token=data.token)
        credential = client.credential
    else:
        credential = client.credential_in(data.room_id)
    credential = await _enter_if_needed(site, client, credential, data)
    check_room_for_more(client, data.room_id)
    watched = client.seats.get(data.room_id)
    if watched is not None and watched.person is None:  # or it would be told of its own coming
        site.audience.unseat(client, watched.conversation_id)
    joining = participants.Joining(
        session=credential.session,
        user_id=data.user_id,
        username=data.username,
        socket=client.sid,
        proven=credential.proven,
        address=client.address,
    )
    try:
        joined = await participants.join(site.context, data.room_id, joining)
    except ParleyError:
        if watched is not None and watched.person is None and client.is_open:
            await site.seating.seat(client, watched.credential, data.room_id, None, None)
        raise
    person = joined.participant
    before = client.seat_in(person.conversation_id)
    was = None if before is None else before.person
    if was is not None and was.user_id != person.user_id:
        # Another token made somebody else of this socket: who it was is not here any more.
        site.calling.unseated(client, person.conversation_id)
        await participants.leave(site.context, was, client.sid)
    if not client.is_open:
        participants.lose(site.context, person, client.sid)
        raise NotJoined
    if joined.token is not None:
        credential = Credential(joined.session, proven=False, token=joined.token)
        client.credential = credential
    state = await site.seating.seat(client, credential, data.room_id, person, data.since)
    return contract.JoinAck(
        token=UNSET if credential.token is None else credential.token,
        user_id=person.user_id,
        username=person.username,
        role=present.role_name(person.role),
        seq=state.seq,
        joined_seq=joined.seq,
        read_seq=joined.read_seq,
    )


async def watch_room(site: Site, client: Client, data: contract.WatchRoom) -> contract.WatchAck:
    seat = client.seats.get(data.room_id)
    if seat is not None and seat.person is not None:
        raise BadRequest("You have already joined this conversation.")
    state = await site.seating.seat(client, client.credential, data.room_id, None, data.since)
    return contract.WatchAck(seq=state.seq)


async def leave_room(site: Site, client: Client, data: contract.LeaveRoom) -> contract.OkAck:
    seat = client.seats.get(data.room_id)
    if seat is None:
        await find(site, client, data.room_id)
        raise NotJoined
    site.audience.unseat(client, seat.conversation_id)
    if seat.person is not None:
        await participants.leave(site.context, seat.person, client.sid)
    return contract.OkAck()


async def knock(site: Site, client: Client, data: contract.Knock) -> contract.KnockAck:
    credential = client.credential
    asked = await knocking.knock(
        site.context, data.room_id, credential.session, data.username, client.address
    )
    if asked.token is not None:
        credential = Credential(asked.session, proven=True, token=asked.token)
        client.credential = credential
    if asked.knock is None:
        return contract.KnockAck(state="not_needed")
    if client.is_open:
        client.knocks[asked.conversation.id] = asked.knock.session_id
        site.server.seated(client.sid)
    return contract.KnockAck(
        state="waiting",
        id=asked.knock.id,
        owner_online=await knocking.is_owner_here(site.context, asked.conversation.id),
        token=UNSET if credential.token is None else credential.token,
    )


async def _enter_if_needed(
    site: Site, client: Client, credential: Credential, data: contract.JoinRoom
) -> Credential:
    if data.passphrase is None and data.read_proof is None:
        return credential
    session, context = credential.session, site.context
    try:
        await conversations.find(context, data.room_id, session)
    except (PassphraseRequired, ReadProofRequired) as needed:
        is_by_key = isinstance(needed, ReadProofRequired)
        shown = data.read_proof if is_by_key else data.passphrase
        if shown is None:
            raise
        if session is not None and credential.token is None:
            raise BadRequest(
                "A browser's cookie can't be renewed on a socket: "
                "enter the passphrase on the page, or use REST."
            ) from None
        enter = entering.enter_with_key if is_by_key else entering.enter
        who, address, _ = client.keys_in(data.room_id)
        room = await conversations.id_at(context, data.room_id, session)
        async with site.limits.guessing(Who(who, address), room):
            entered = await enter(context, data.room_id, session, shown, socket=client.sid)
        if entered.token is not None:
            credential = Credential(entered.session, proven=True, token=entered.token)
            site.audience.renew(client, credential)
    return credential
