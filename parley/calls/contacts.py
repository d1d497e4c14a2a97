"""Contact links, and inviting people by them."""

from __future__ import annotations

from parley import contract, present, web
from parley.domain import contacts


async def make_link(_body: contract.Nothing) -> contract.ContactLinkReply:
    code = await contacts.make_link(web.site().context, await web.current_session())
    link = present.contact_link(code, public_url=web.public_url())
    return contract.ContactLinkReply(contact_link=link)


async def remove_link() -> contract.DoneReply:
    await contacts.remove_link(web.site().context, await web.current_session())
    return contract.DoneReply()


async def unblock(blocked_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await contacts.unblock(web.site().context, session, web.number(blocked_id))
    return contract.DoneReply()


async def waiting() -> contract.InvitesReply:
    found = await contacts.waiting(web.site().context, await web.current_session())
    return contract.InvitesReply(invites=[present.invite(each) for each in found])


async def answer(body: contract.AnswerInviteBody, invite_id: str) -> contract.AnsweredInviteReply:
    session = await web.current_session()
    conversation = await contacts.answer(web.site().context, session, invite_id, body.answer)
    if body.answer != "accept":
        return contract.AnsweredInviteReply()
    room_id = conversation.room_id
    link = present.join_link(room_id, public_url=web.public_url())
    return contract.AnsweredInviteReply(room_id=room_id, join_link=link)


async def invite(body: contract.InviteBody, room_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await contacts.invite(web.site().context, room_id, session, body.contact)
    return contract.DoneReply()
