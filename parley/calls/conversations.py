"""Conversations: begun, read, found, changed, ended, deleted."""

from __future__ import annotations

from msgspec import UNSET
from quart import Response

from parley import contract, present, web
from parley.calls.answering import entry, parameters
from parley.domain import audit, conversations, envelopes, epochs, owning
from parley.domain.overview import overview
from parley.errors import BadRequest
from parley.records import Visibility


async def create(body: contract.CreateBody) -> Response:
    session = await web.current_session()
    proof_hash = _read_proof_hash(body)
    unless_told = Visibility.LISTED if proof_hash is None else Visibility.UNLISTED
    created = await conversations.create(
        web.site().context,
        session,
        title=body.title,
        description=body.description,
        user_id=body.user_id,
        visibility=Visibility(body.visibility or unless_told),
        address=web.address(),
        read_proof_hash=proof_hash,
    )
    reply = await entry(created.conversation.room_id, created.owner, created.token)
    reply.user_id = created.conversation.created_by
    return web.remember(web.json(reply, 201), created.token)


def _read_proof_hash(body: contract.CreateBody) -> bytes | None:
    if bool(body.encrypted) != (body.read_proof_hash is not None):
        raise BadRequest("encrypted and read_proof_hash belong together.")
    return None if body.read_proof_hash is None else envelopes.read_proof(body.read_proof_hash)


async def read(room_id: str) -> contract.ConversationReply:
    session = await web.session_if_known()
    snapshot = await conversations.snapshot(web.site().context, room_id, session)
    return contract.ConversationReply(conversation=present.conversation(snapshot))


async def list_conversations() -> contract.ConversationsReply:
    query = parameters("list")
    page, cursor = await conversations.listed(
        web.site().context,
        limit=query.get("limit", contract.CONVERSATIONS_PAGE_DEFAULT),
        cursor=query.get("cursor"),
        title_contains=query.get("q", "")[: contract.QUERY_MAX_CHARS],
    )
    public_url = web.public_url()
    return contract.ConversationsReply(
        conversations=[present.summary(found, public_url=public_url) for found in page],
        next_cursor=UNSET if cursor is None else cursor,
    )


async def change(body: contract.ChangeBody, room_id: str) -> contract.ChangeReply:
    session, context = await web.current_session(), web.site().context
    changed = await owning.change(context, room_id, session, owning.wishes(body))
    snapshot = await conversations.snapshot(context, changed.room_id, session)
    return contract.ChangeReply(conversation=present.conversation(snapshot))


async def replace_link(body: contract.ReplaceLinkBody, room_id: str) -> contract.ReplacedLinkReply:
    session, epoch = await web.current_session(), None
    if (body.record is None) != (body.read_proof_hash is None):
        raise BadRequest("record and read_proof_hash belong together.")
    if body.record is not None and body.read_proof_hash is not None:
        epoch = epochs.NewEpoch.of(body.record, body.read_proof_hash)
    now = (await owning.replace_link(web.site().context, room_id, session, epoch)).room_id
    return contract.ReplacedLinkReply(
        room_id=now, join_link=present.join_link(now, public_url=web.public_url())
    )


async def end(body: contract.EndBody, room_id: str) -> contract.EndReply:
    session = await web.current_session()
    await conversations.end(
        web.site().context, room_id, session, named=body.user_id, address=web.address()
    )
    return contract.EndReply(message="The conversation has ended.")


async def delete(room_id: str) -> contract.DeletedReply:
    session = await web.current_session()
    erased = await owning.delete(web.site().context, room_id, session)
    return contract.DeletedReply(
        messages=erased.messages,
        participants=erased.participants,
        links=erased.links,
        acts=erased.acts,
        files=erased.files,
    )


async def manage(room_id: str) -> contract.ManageReply:
    seen = await overview(web.site().context, room_id, await web.current_session())
    return present.decided(seen)


async def acts(room_id: str) -> contract.ActsReply:
    query = parameters("acts")
    found, has_more = await audit.acts(
        web.site().context,
        room_id,
        await web.current_session(),
        limit=query.get("limit", contract.ACTS_PAGE_DEFAULT),
        before=query.get("before"),
    )
    return contract.ActsReply(acts=[present.act(each) for each in found], has_more=has_more)
