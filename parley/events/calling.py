"""Calls: coming into one, connecting, leaving; what owners do in one."""

from __future__ import annotations

from parley import contract
from parley.domain import calls
from parley.errors import CallsOff
from parley.events.site import Site, refuse_unseated
from parley.limits.limiter import Kind, Use, Who
from parley.live.audience import Client, Seat
from parley.live.calls import encoded

BYTES_OF_ONE = 8 * 1024
"""Of a signal: each more that it begins counts as another."""


async def call_join(site: Site, client: Client, data: contract.CallJoin) -> contract.CallAck:
    seat = await _seat(site, client, data.room_id)
    if not site.has_calls:
        raise CallsOff
    try:
        # Asked of the database: that a call began or is over may not have been heard here yet.
        return await site.calling.join(client, seat, data, may_begin=False)
    except calls.BeginsOne:
        return await _begin(site, client, seat, data)


async def _begin(
    site: Site, client: Client, seat: Seat, data: contract.CallJoin
) -> contract.CallAck:
    who, address, room = client.keys_in(data.room_id)
    uses: list[Use] = []
    try:
        # It rings at everybody, and will leave a message.
        for kind in (Kind.RINGS, Kind.MESSAGES):
            uses.append(await site.limits.spend(kind, Who(who, address), room))
        return await site.calling.join(client, seat, data, may_begin=True)
    except Exception:
        for use in uses:
            await site.limits.give_back(use)
        raise


async def call_leave(site: Site, client: Client, data: contract.OfRoom) -> contract.OkAck:
    seat = await _seat(site, client, data.room_id)
    await site.calling.leave(client, seat.conversation_id)
    return contract.OkAck()


async def call_signal(site: Site, client: Client, data: contract.CallSignal) -> contract.OkAck:
    seat = await _seat(site, client, data.room_id)
    told = encoded(data.data)
    who, address, room = client.keys_in(data.room_id)
    for _ in range((len(told) - 1) // BYTES_OF_ONE):  # one was counted already
        await site.limits.spend(Kind.SIGNALS, Who(who, address), room)
    await site.calling.signal(client, seat.conversation_id, data.to, told)
    return contract.OkAck()


async def call_moderate(site: Site, client: Client, data: contract.CallModerate) -> contract.OkAck:
    session = client.session_in(data.room_id)
    await calls.moderate(site.context, data.room_id, session, data.act, data.peer)
    return contract.OkAck()


async def _seat(site: Site, client: Client, room_id: str) -> Seat:
    seat = client.seats.get(room_id)
    if seat is None or seat.person is None:
        await refuse_unseated(site, client, room_id)
    return seat
