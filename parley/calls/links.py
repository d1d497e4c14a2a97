"""Links that give a role."""

from __future__ import annotations

from parley import contract, present, web
from parley.calls.answering import number_in
from parley.domain import role_links
from parley.records import Role


async def make_link(body: contract.LinkBody, room_id: str) -> contract.NewLinkReply:
    made = await role_links.make_link(
        web.site().context,
        room_id,
        await web.current_session(),
        role=Role(body.role),
        label=body.label,
        expires_in_s=body.expires_in_s,
        uses_max=body.uses_max,
    )
    url = present.role_link(made.code, public_url=web.public_url())
    return contract.NewLinkReply(link=present.link(made.link), url=url)


async def revoke_link(room_id: str, link_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await role_links.revoke_link(web.site().context, room_id, session, number_in(link_id))
    return contract.DoneReply()
