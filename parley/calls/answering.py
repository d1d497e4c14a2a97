"""What several calls have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from quart import request

from parley import contract, present, web
from parley.contract import decode
from parley.domain import conversations
from parley.domain.changing import Changed
from parley.records import Session


async def entry(room_id: str, session: Session, token: str | None) -> contract.JoinReply:
    """What creating and joining have in common: the conversation, and how to get back in."""
    snapshot = await conversations.snapshot(web.site().context, room_id, session)
    now = snapshot.conversation.room_id
    return contract.JoinReply(
        room_id=now,
        join_link=present.join_link(now, public_url=web.public_url()),
        conversation=present.conversation(snapshot),
        role="owner",
        token=web.told(token or web.presented_token()),
    )


class _Unchanged(contract.MessageReply, kw_only=True):
    """It was so already, and the room is not charged for it."""

    duplicate: ClassVar[bool] = True


def changed(result: Changed) -> contract.MessageReply:
    """The reply to who wanted to change a message."""
    reply = contract.MessageReply if result.is_news else _Unchanged
    return reply(message=present.message(result.message))


def parameters(call: str) -> dict[str, Any]:
    """The query parameters that the call declares, checked; those not given are left out."""
    return {
        parameter.name: decode.from_query(text, parameter.name, parameter.schema)
        for parameter in contract.CALLS[call].parameters
        if (text := request.args.get(parameter.name)) is not None
    }
