"""Coming in where the door is not open: by passphrase, key, link or knock."""

from __future__ import annotations

from quart import Response

from parley import contract, present, web
from parley.domain import entering, knocking, role_links
from parley.errors import BadRequest, Locked


async def enter(body: contract.EnterBody, room_id: str) -> Response:
    session, context = await web.current_session(), web.site().context
    if (body.passphrase is None) == (body.read_proof is None):
        raise BadRequest("Give passphrase or read_proof, one of both.")
    async with web.guessing(room_id):
        if body.read_proof is not None:
            entered = await entering.enter_with_key(context, room_id, session, body.read_proof)
        else:
            entered = await entering.enter(context, room_id, session, body.passphrase or "")
    return _let_in(entered)


async def use_link(_body: contract.Nothing, code: str) -> Response:
    session = await web.current_session()
    return _let_in(await role_links.use_link(web.site().context, session, code))


async def knock(body: contract.KnockBody, room_id: str) -> Response:
    session = await web.current_session()
    asked = await knocking.knock(web.site().context, room_id, session, body.username, web.address())
    reply = contract.KnockReply(state="not_needed")
    if asked.knock is not None:
        is_owner_here = await knocking.is_owner_here(web.site().context, asked.conversation.id)
        reply = contract.KnockReply(
            state="waiting",
            id=asked.knock.id,
            owner_online=is_owner_here,
            token=web.told(asked.token),
        )
    return web.remember(web.json(reply), asked.token)


async def knock_state(room_id: str) -> contract.KnockReply:
    session = await web.session_if_known()
    stands = await knocking.own_knock(web.site().context, room_id, session)
    reply = contract.KnockReply(state=present.knock_state(stands), locked=stands.is_locked_out)
    if reply.state == "waiting" and stands.is_locked:
        raise Locked  # who waits is told; an owner may let them in all the same
    if reply.state not in ("none", "not_needed") and stands.knock is not None:
        reply.id = stands.knock.id
    if reply.state == "waiting":
        reply.owner_online = stands.is_owner_here
    return reply


async def answer_knock(
    body: contract.AnswerBody, room_id: str, knock_id: str
) -> contract.DoneReply:
    session = await web.current_session()
    await knocking.answer(web.site().context, room_id, session, knock_id, admit=body.admit)
    return contract.DoneReply()


async def answer_knocks(body: contract.AnswerBody, room_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await knocking.answer_all(web.site().context, room_id, session, admit=body.admit)
    return contract.DoneReply()


def _let_in(entered: entering.Entered) -> Response:
    now = entered.conversation.room_id
    reply = contract.EnteredReply(
        room_id=now,
        join_link=present.join_link(now, public_url=web.public_url()),
        role=present.link_role(entered.standing),
        token=web.told(entered.token),
    )
    return web.remember(web.json(reply), entered.token)
