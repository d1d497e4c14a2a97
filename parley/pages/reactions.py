"""How reactions stand under a message; and the form that adds one, or takes it back.

`static/js/transcript/reactions.js` does the same in the browser; `tests/reactions_cases.json`
holds both to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
from quart import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from parley import contract, web
from parley.domain import reactions
from parley.limits.limiter import Kind
from parley.pages import forms

reaction_pages = Blueprint("reaction_pages", __name__)
reaction_pages.before_request(forms.look_at_seal)
reaction_pages.before_request(web.admit)

NAMED_MAX = 10
"""A list of more names is not read."""
_REACTIONS = msgspec.json.Decoder(list[contract.Reaction])


class Chip(NamedTuple):
    """All who reacted in one way."""

    emoji: str
    people: int
    own: bool
    """Whether whoever looks at the page is among them."""
    who: str


def chips(
    message: contract.Message, me: contract.Participant | None, names: Mapping[str, str]
) -> list[Chip]:
    """Those of a message, in order. `names` are by `user_id`."""
    found = _REACTIONS.decode(raw_text(message))
    own_id = None if me is None else me.user_id
    return [
        Chip(each.emoji, each.count, _is_own(each, own_id), who(each, own_id, names))
        for each in found
    ]


def raw_text(message: contract.Message) -> str:
    """As they are stored and sent."""
    return msgspec.json.encode(message.reactions).decode()


def who(reaction: contract.Reaction, own_id: str | None, names: Mapping[str, str]) -> str:
    """In words: you first, those whose names are known, and how many others."""
    others = [id for id in reaction.user_ids if id != own_id and id in names]
    listed = ["you"] if _is_own(reaction, own_id) else []
    listed += [names[id] for id in others][: NAMED_MAX - len(listed)]
    unnamed = reaction.count - len(listed)
    if not listed:
        return "1 person" if unnamed == 1 else f"{unnamed} people"
    if unnamed > 0:
        listed.append("1 other" if unnamed == 1 else f"{unnamed} others")
    return " and ".join(filter(None, (", ".join(listed[:-1]), listed[-1])))


def _is_own(reaction: contract.Reaction, own_id: str | None) -> bool:
    return reaction.own is True or own_id in reaction.user_ids


def names_of(
    people: Iterable[contract.Participant], messages: Iterable[contract.Message]
) -> dict[str, str]:
    """By `user_id`, of those a page knows: who is here, and who said what is shown."""
    found = {message.user_id: message.username for message in messages}
    return found | {person.user_id: person.username for person in people}


@reaction_pages.post("/conversation/<room_id>/messages/<message_id>/reactions")
async def react(room_id: str, message_id: str) -> AnyResponse:
    """What a reaction does that is pressed where there is no script."""
    form = await request.form
    on = "on" in form
    emoji = form.get("on" if on else "off", "")
    context = web.site().context
    async with web.limited(Kind.MESSAGES, room_id) as outcome:
        session = await web.current_session()
        reacted = await reactions.react_as(context, room_id, session, message_id, emoji, on=on)
        outcome.is_news = reacted.is_news
    seq = reacted.message.seq
    return web.go_on(f"/conversation/{room_id}?at={seq}#m-{seq}")
