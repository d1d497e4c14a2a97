"""The conversations that a visitor's browser takes part in, as the first pages list them."""

from __future__ import annotations

from dataclasses import dataclass

from parley import present, web
from parley.domain import participation
from parley.pages import titles
from parley.records import Conversation, Standing


@dataclass(frozen=True, slots=True)
class Own:
    """A line of the list."""

    room_id: str
    title: str
    is_owner: bool
    is_active: bool
    message_count: int
    last_activity_at: str


async def own_conversations() -> list[Own]:
    """Of whoever asks, by their cookie; none for a stranger."""
    found = await participation.latest(web.site().context, await web.session_if_known())
    return [_own(each.conversation, each.standing) for each in found]


def _own(conversation: Conversation, standing: Standing) -> Own:
    return Own(
        room_id=conversation.room_id,
        title=titles.called(conversation),
        is_owner=standing is Standing.OWNER,
        is_active=conversation.is_active,
        message_count=conversation.message_count,
        last_activity_at=present.timestamp(conversation.last_activity_at),
    )
