"""Who takes part: joining, the list, removing and letting back."""

from __future__ import annotations

from msgspec import UNSET
from quart import Response

from parley import contract, present, web
from parley.calls.answering import entry, parameters
from parley.domain import conversations, entering, founding, participants, people, removal, roles
from parley.errors import PassphraseRequired, ReadProofRequired
from parley.records import Session


async def join(body: contract.JoinBody, room_id: str) -> Response:
    session, token = await web.current_session(), None
    if body.passphrase is not None or body.read_proof is not None:
        session, token = await _entered(room_id, session, body)
        web.speak_for(session)
    joining = participants.Joining(
        session,
        body.user_id,
        body.username,
        keeps_cookie=web.is_own_page(),
        address=web.address(),
    )
    joined = await participants.join(web.site().context, room_id, joining)
    token = joined.token or token
    reply = await entry(room_id, joined.session, token)
    reply.user_id = joined.participant.user_id
    reply.username = joined.participant.username
    reply.role = present.role_name(joined.participant.role)
    return web.remember(web.json(reply), token)


async def leave(_body: contract.Nothing, room_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await participants.leave_as(web.site().context, room_id, session)
    return contract.DoneReply()


async def list_participants(room_id: str) -> contract.ParticipantsReply:
    query = parameters("participants")
    found = await people.page(
        web.site().context,
        room_id,
        await web.session_if_known(),
        limit=query.get("limit", contract.PARTICIPANTS_PAGE_DEFAULT),
        cursor=query.get("cursor"),
        name=query.get("q", ""),
        are_here=query.get("who") == "here",
    )
    return contract.ParticipantsReply(
        participants=present.people(found.shown, found.online),
        next_cursor=UNSET if found.cursor is None else found.cursor,
    )


async def remove(body: contract.PersonBody, room_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await removal.remove(web.site().context, room_id, session, body.user_id)
    return contract.DoneReply()


async def hand_over(body: contract.PersonBody, room_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await founding.hand_over(web.site().context, room_id, session, body.user_id)
    return contract.DoneReply()


async def set_role(body: contract.RightBody, room_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await roles.give(web.site().context, room_id, session, body.user_id, body.role)
    return contract.DoneReply()


async def let_back(body: contract.PersonBody, room_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await removal.let_back(web.site().context, room_id, session, body.user_id)
    return contract.DoneReply()


async def _entered(
    room_id: str, session: Session | None, body: contract.JoinBody
) -> tuple[Session | None, str | None]:
    """The session that came in by what is needed of these, and its new token."""
    context = web.site().context
    try:
        await conversations.find(context, room_id, session)
    except PassphraseRequired:
        if body.passphrase is None:
            raise
        async with web.guessing(room_id):
            entered = await entering.enter(context, room_id, session, body.passphrase)
    except ReadProofRequired:
        if body.read_proof is None:
            raise
        async with web.guessing(room_id):
            entered = await entering.enter_with_key(context, room_id, session, body.read_proof)
    else:
        return session, None
    return entered.session, entered.token
