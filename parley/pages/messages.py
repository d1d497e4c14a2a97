"""What can be done with one message, for who runs no scripts: plain forms."""

from __future__ import annotations

from quart import Blueprint, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from parley import contract, present, web
from parley.contract import decode
from parley.domain import messages, pins
from parley.domain.may_change import may_change
from parley.errors import BadRequest, ConversationIsOver, Forbidden, RateLimited, ReadOnly, TooLarge
from parley.limits.limiter import Kind
from parley.pages import forms
from parley.pages.door import Refused, refused

message_pages = Blueprint("message_pages", __name__)

ADDRESS = "/conversation/<room_id>/messages/<message_id>"

message_pages.before_request(forms.look_at_seal)
message_pages.before_request(web.admit)


@message_pages.get(ADDRESS)
async def message(room_id: str, message_id: str) -> str:
    return await _page(room_id, message_id)


@message_pages.post(f"{ADDRESS}/edit")
async def edit(room_id: str, message_id: str) -> AnyResponse | Refused:
    # Forms send line breaks as CRLF, whatever was typed.
    text = (await request.form).get("message", "").replace("\r\n", "\n")
    context, session = web.site().context, await web.current_session()
    try:
        body = decode.from_value({"message": text}, contract.EditBody)
        async with web.limited(Kind.MESSAGES, room_id) as outcome:
            edited = await messages.edit(context, room_id, session, message_id, body.message)
            outcome.is_news = edited.is_news
    except (BadRequest, ConversationIsOver, ReadOnly, RateLimited, TooLarge) as error:
        page = await _page(room_id, message_id, error=error.text, text=text)
        return refused(page, error)
    return _back(room_id, edited.message.seq)


@message_pages.post(f"{ADDRESS}/delete")
async def delete(room_id: str, message_id: str) -> AnyResponse:
    context, session = web.site().context, await web.current_session()
    async with web.limited(Kind.ACTS, room_id):
        deleted = await messages.delete(context, room_id, session, message_id)
    return _back(room_id, deleted.seq)


@message_pages.post(f"{ADDRESS}/pin")
async def pin(room_id: str, message_id: str) -> AnyResponse | Refused:
    on = (await request.form).get("on") == "yes"
    context, session = web.site().context, await web.current_session()
    try:
        async with web.limited(Kind.ACTS, room_id) as outcome:
            pinned = await pins.pin(context, room_id, session, message_id, on=on)
            outcome.is_news = pinned.is_news
    except (BadRequest, RateLimited) as error:
        page = await _page(room_id, message_id, error=error.text)
        return refused(page, error)
    return _back(room_id, pinned.message.seq)


async def _page(room_id: str, message_id: str, *, error: str = "", text: str | None = None) -> str:
    """With what is to be said instead, where that was refused."""
    session = await web.session_if_known()
    may = await may_change(web.site().context, room_id, session, message_id)
    if not may.anything:
        raise Forbidden("Only the person who wrote a message, and owners, can change it.")
    return await render_template(
        "pages/message.html",
        conversation=may.conversation,
        message=present.message(may.message),
        may=may,
        is_edited_here=may.edit or text is not None,
        error=error,
        text=may.message.text if text is None else text,
    )


def _back(room_id: str, seq: int) -> AnyResponse:
    """To the message, as it is now."""
    return web.go_on(f"/conversation/{room_id}?at={seq}#m-{seq}")
