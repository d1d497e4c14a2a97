"""The page that tells who is who: whose words were imported, and who claims to be them."""

from __future__ import annotations

from quart import Blueprint, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from parley import web
from parley.domain import claiming
from parley.errors import BadRequest, ConversationIsOver, NotJoined, RateLimited
from parley.limits.limiter import Kind
from parley.pages import forms
from parley.pages.door import AT_THE_DOOR, Refused, door, refused

claim_pages = Blueprint("claim_pages", __name__)
claim_pages.before_request(forms.look_at_seal)
claim_pages.before_request(web.admit)

ADDRESS = "/conversation/<room_id>/who"


@claim_pages.get(ADDRESS)
async def who(room_id: str) -> str | Refused:
    try:
        return await _page(room_id)
    except AT_THE_DOOR as refusal:
        return await door(room_id, refusal)


@claim_pages.post(ADDRESS)
async def claim(room_id: str) -> AnyResponse | Refused:
    user_id = (await request.form).get("user_id", "")
    try:
        async with web.limited(Kind.JOINS, room_id):
            session = await web.current_session()
            answer = await claiming.claim(web.site().context, room_id, session, user_id)
    except (BadRequest, ConversationIsOver, NotJoined, RateLimited) as error:
        return refused(await _page(room_id, error=error.text), error)
    return web.go_on(f"/conversation/{room_id}{'' if answer.is_agreed else '/who'}")


@claim_pages.post(f"{ADDRESS}/answer")
async def answer(room_id: str) -> AnyResponse:
    form = await request.form
    async with web.limited(Kind.ACTS, room_id):
        session = await web.current_session()
        await claiming.answer(
            web.site().context,
            room_id,
            session,
            form.get("user_id", ""),
            admit=form.get("answer") == "agree",
        )
    return web.go_on(f"/conversation/{room_id}/who")


async def _page(room_id: str, *, error: str = "") -> str:
    found = await claiming.who_is_who(web.site().context, room_id, await web.session_if_known())
    return await render_template("pages/who.html", found=found, error=error)
