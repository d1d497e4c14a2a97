"""Reacting to what is said."""

from __future__ import annotations

from parley import contract, web
from parley.calls.answering import changed
from parley.domain import reactions


async def react(room_id: str, message_id: str, emoji: str) -> contract.MessageReply:
    return await _react(room_id, message_id, emoji, on=True)


async def unreact(room_id: str, message_id: str, emoji: str) -> contract.MessageReply:
    return await _react(room_id, message_id, emoji, on=False)


async def _react(room_id: str, message_id: str, emoji: str, *, on: bool) -> contract.MessageReply:
    context, session = web.site().context, await web.current_session()
    return changed(await reactions.react_as(context, room_id, session, message_id, emoji, on=on))
