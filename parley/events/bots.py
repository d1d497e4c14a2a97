"""What people ask of bots, and what bots answer."""

from __future__ import annotations

from parley import contract
from parley.domain import asks
from parley.events.site import Site, refuse_unseated
from parley.live.audience import Client, Seat


async def use_command(site: Site, client: Client, data: contract.UseCommand) -> contract.AskAck:
    seat, id = await _seat(site, client, data.room_id), asks.new_id()
    with site.asking.waiting(client, seat, id):
        await asks.use_command(
            site.context,
            data.room_id,
            seat.credential.session,
            id,
            bot=data.bot,
            name=data.name,
            words=data.text or "",
        )
    return contract.AskAck(id=id)


async def press_button(site: Site, client: Client, data: contract.PressButton) -> contract.AskAck:
    seat, id = await _seat(site, client, data.room_id), asks.new_id()
    with site.asking.waiting(client, seat, id):
        await asks.press(
            site.context,
            data.room_id,
            seat.credential.session,
            id,
            message_id=data.id,
            button=data.button,
        )
    return contract.AskAck(id=id)


async def answer_ask(site: Site, client: Client, data: contract.AnswerAsk) -> contract.OkAck:
    session = client.session_in(data.room_id)
    await asks.answer(site.context, data.room_id, session, data.id, data.text)
    return contract.OkAck()


async def _seat(site: Site, client: Client, room_id: str) -> Seat:
    """The answer comes to this socket: it has to be in there."""
    seat = client.seats.get(room_id)
    if seat is None or seat.person is None:
        await refuse_unseated(site, client, room_id)
    return seat
