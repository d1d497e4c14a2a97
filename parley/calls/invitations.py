"""Invitations to start conversations."""

from __future__ import annotations

from msgspec import UNSET
from quart import Response

from parley import contract, web
from parley.domain import inviting


async def accept(_body: contract.Nothing, code: str) -> Response:
    accepted = await inviting.accept(web.site().context, await web.current_session(), code)
    token = UNSET if web.is_own_page() or accepted.token is None else accepted.token
    return web.remember(web.json(contract.InvitedReply(token=token)), accepted.token)
