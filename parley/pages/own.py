"""The conversations that a visitor's browser takes part in, as the first pages list them."""

from __future__ import annotations

from parley import contract, present, web
from parley.domain import participation


def few(count: int) -> str:
    """How many are unread, in the words of `static/js/own/row.js`: of many only that they are."""
    return str(count) if count < contract.UNREAD_MAX else f"{contract.UNREAD_MAX - 1}+"


async def own_conversations() -> list[contract.OwnConversation]:
    """Of whoever asks, by their cookie; none for a stranger."""
    own, _ = await participation.page(
        web.site().context, await web.session_if_known(), limit=participation.SHOWN_MAX
    )
    return [present.own(each) for each in own]
