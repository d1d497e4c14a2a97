"""The servers by which browsers in a call find a way to each other."""

from __future__ import annotations

from parley import contract, present, web
from parley.domain import relays
from parley.errors import CallsOff


async def call_servers(room_id: str) -> contract.CallServersReply:
    site = web.site()
    if site.relays is None:
        raise CallsOff
    session = await web.session_if_known()
    return present.call_servers(await relays.offered(site.context, site.relays, room_id, session))
