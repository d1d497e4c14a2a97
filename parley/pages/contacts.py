"""Invitations by contact links: what somebody opens who was given one, and the answers."""

from __future__ import annotations

from msgspec import Struct
from quart import Blueprint, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from parley import contract, present, web
from parley.contract import decode
from parley.domain import contacts, participation
from parley.errors import ParleyError
from parley.limits.limiter import Kind
from parley.pages import forms
from parley.pages.door import Refused, refused
from parley.records import Invited, Own, Standing

contact_pages = Blueprint("contact_pages", __name__)
contact_pages.before_request(forms.look_at_seal)
contact_pages.before_request(web.admit)

ANSWERS = "/contact/invites/{}/{}"


class Shown(Struct, frozen=True):
    """An invitation, as the pages show it."""

    id: str
    title: str
    by: str
    at: str

    @classmethod
    def of(cls, record: Invited) -> Shown:
        told = present.invite(record)
        return cls(told.id, told.title, told.by, told.at)


async def waiting() -> list[Shown]:
    """Those of whoever asks, by their cookie."""
    found = await contacts.waiting(web.site().context, await web.session_if_known())
    return [Shown.of(each) for each in found]


@contact_pages.get("/contact/<code>")
async def opened(code: str) -> str:
    """For whoever was given a link, whether it is anybody's or not: to which of the conversations
    that they own they invite whoever gave it to them.
    """
    return await _opened(code)


@contact_pages.post("/contact/<code>")
async def invite(code: str) -> str | Refused:
    room_id = (await request.form).get("room_id", "")
    try:
        async with web.limited(Kind.INVITES, room_id):
            session = await web.current_session()
            await contacts.invite(web.site().context, room_id, session, code)
    except ParleyError as error:
        return refused(await _opened(code, error=error.text), error)
    return await _opened(code, invited_to=room_id)


@contact_pages.post("/contact/invites/<invite_id>/<answer>")
async def answer(invite_id: str, answer: str) -> AnyResponse | str | Refused:
    context, session = web.site().context, await web.current_session()
    try:
        body = decode.from_value({"answer": answer}, contract.AnswerInviteBody)
        if body.answer == "block" and "sure" not in await request.form:
            found = await contacts.of_id(context, session, invite_id)
            if found is not None:
                return await _asking(found)
        async with web.limited(Kind.JOINS):
            conversation = await contacts.answer(context, session, invite_id, body.answer)
    except ParleyError as error:
        still = await waiting()
        page = await render_template("pages/invites.html", invites=still, error=error.text)
        return refused(page, error)
    if body.answer == "accept":
        return web.go_on(f"/conversation/{conversation.room_id}")
    return web.go_on("/conversations")


async def _opened(code: str, *, error: str = "", invited_to: str = "") -> str:
    is_link, own = True, list[Own]()
    try:
        contacts.code_in(code)
    except ParleyError:
        is_link = False
    if is_link:
        own, _ = await participation.page(
            web.site().context, await web.session_if_known(), limit=participation.SHOWN_MAX
        )
    mine = [
        each.conversation
        for each in own
        if each.standing is Standing.OWNER
        and each.conversation.is_active
        and not each.conversation.is_encrypted
    ]
    return await render_template(
        "pages/contact.html",
        code=code,
        is_link=is_link,
        conversations=mine,
        error=error,
        invited_to=invited_to,
    )


async def _asking(found: Invited) -> str:
    name = found.invite.by_name
    question = {
        "about": "Invitation",
        "title": f"Block {name}?",
        "text": f"{name} can't invite you anywhere any more, and isn't told. You can unblock "
        "people in your account.",
        "answer": "Block",
        "fields": {},
    }
    return await render_template(
        "pages/ask.html",
        question=question,
        action=web.root() + ANSWERS.format(found.invite.id, "block"),
        back=f"{web.root()}/conversations",
    )
