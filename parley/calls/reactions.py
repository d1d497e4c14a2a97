"""Reacting to what is said."""

from __future__ import annotations

from typing import ClassVar

from parley import contract, present, web
from parley.domain import reactions


class _Unchanged(contract.MessageReply, kw_only=True):
    """It was so already, and the room is not charged for it."""

    duplicate: ClassVar[bool] = True


async def react(room_id: str, message_id: str, emoji: str) -> contract.MessageReply:
    return await _react(room_id, message_id, emoji, on=True)


async def unreact(room_id: str, message_id: str, emoji: str) -> contract.MessageReply:
    return await _react(room_id, message_id, emoji, on=False)


async def _react(room_id: str, message_id: str, emoji: str, *, on: bool) -> contract.MessageReply:
    context, session = web.site().context, await web.current_session()
    reacted = await reactions.react(context, room_id, session, message_id, emoji, on=on)
    message = present.message(reacted.message)
    return (
        contract.MessageReply(message=message) if reacted.is_news else _Unchanged(message=message)
    )
