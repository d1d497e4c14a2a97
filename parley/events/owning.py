"""What owners do."""

from __future__ import annotations

from parley import contract
from parley.domain import conversations, knocking, owning, pins, removal
from parley.domain.changing import Changed
from parley.events.site import Site
from parley.live.audience import Client


async def answer_knock(site: Site, client: Client, data: contract.AnswerKnock) -> contract.OkAck:
    await knocking.answer(
        site.context, data.room_id, client.session_in(data.room_id), data.id, admit=data.admit
    )
    return contract.OkAck()


async def change_conversation(
    site: Site, client: Client, data: contract.ChangeConversation
) -> contract.OkAck:
    wishes = owning.wishes(data)
    await owning.change(site.context, data.room_id, client.session_in(data.room_id), wishes)
    return contract.OkAck()


async def pin_message(site: Site, client: Client, data: contract.PinMessage) -> Changed:
    session = client.session_in(data.room_id)
    return await pins.pin(site.context, data.room_id, session, data.id, on=data.on)


async def remove_participant(
    site: Site, client: Client, data: contract.PersonOfRoom
) -> contract.OkAck:
    await removal.remove(site.context, data.room_id, client.session_in(data.room_id), data.user_id)
    return contract.OkAck()


async def let_back(site: Site, client: Client, data: contract.PersonOfRoom) -> contract.OkAck:
    await removal.let_back(
        site.context, data.room_id, client.session_in(data.room_id), data.user_id
    )
    return contract.OkAck()


async def replace_link(site: Site, client: Client, data: contract.OfRoom) -> contract.LinkAck:
    found = await owning.replace_link(site.context, data.room_id, client.session_in(data.room_id))
    return contract.LinkAck(room_id=found.room_id)


async def end_conversation(site: Site, client: Client, data: contract.OfRoom) -> contract.OkAck:
    await conversations.end(site.context, data.room_id, client.session_in(data.room_id))
    return contract.OkAck()


async def delete_conversation(site: Site, client: Client, data: contract.OfRoom) -> contract.OkAck:
    await owning.delete(site.context, data.room_id, client.session_in(data.room_id))
    return contract.OkAck()
