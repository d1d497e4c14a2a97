"""How far somebody has read, and following what is theirs."""

from __future__ import annotations

from parley import contract, present
from parley.domain import participation, reading
from parley.events.site import Site
from parley.live.audience import Client


async def mark_read(site: Site, client: Client, data: contract.MarkRead) -> contract.OkAck:
    session = client.session_in(data.room_id)
    mark = reading.Mark(data.seq, data.hidden)
    await reading.mark(site.context, data.room_id, session, mark, socket=client.sid)
    return contract.OkAck()


async def follow_mine(site: Site, client: Client, _data: contract.FollowMine) -> contract.MineAck:
    session = client.credential.session
    if session is None:
        return contract.MineAck(conversations=[])
    following = site.audience.following
    await following.follow(client.sid, session)
    if client.is_open:
        client.follows = True
        site.server.seated(client.sid)
    else:
        following.stop(client.sid)
    own, _ = await participation.page(site.context, session, limit=contract.OWN_PAGE_DEFAULT)
    return contract.MineAck(conversations=[present.own(each) for each in own])
