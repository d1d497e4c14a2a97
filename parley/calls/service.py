"""How the server is."""

from __future__ import annotations

from msgspec import UNSET

from parley import contract, web
from parley.domain import conversations
from parley.errors import Unavailable


async def health() -> contract.HealthReply:
    active, total = await conversations.count(web.site().context)
    announcement = web.site().context.host.announcement
    return contract.HealthReply(
        announcement=UNSET if announcement is None else announcement.text,
        active_conversations=active,
        total_conversations=total,
        active_connections=web.site().connection_count(),
    )


async def ready() -> contract.ReadyReply:
    if not web.site().is_ready:
        raise Unavailable("The server is starting or stopping.", retry_after=1.0)
    await conversations.require_storage(web.site().context)
    return contract.ReadyReply()
