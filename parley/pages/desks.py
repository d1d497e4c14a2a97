"""A desk as visitors see it, in a frame or not, and the page where owners make theirs."""

from __future__ import annotations

from quart import Blueprint, render_template
from werkzeug.wrappers import Response as AnyResponse

from parley import contract, present, web
from parley.calls.desks import begin
from parley.contract import decode
from parley.domain import desks, inviting
from parley.errors import NotFound, ParleyError
from parley.limits.limiter import Kind
from parley.pages import forms
from parley.pages.door import Refused, refused

ADDRESS, VISITORS = "/desks", "/desk"

desk_pages = Blueprint("desk_pages", __name__)
desk_pages.before_request(forms.look_at_seal)
desk_pages.before_request(web.admit)


# --- for visitors ---


@desk_pages.get(f"{VISITORS}/<desk_id>")
async def desk(desk_id: str) -> AnyResponse | str:
    shown = await desks.look(web.site().context, await web.session_if_known(), desk_id)
    if shown.own is not None:
        return web.go_on(f"/conversation/{shown.own.room_id}")
    return await render_template("pages/desk.html", desk=shown.desk)


@desk_pages.post(f"{VISITORS}/<desk_id>")
async def start(desk_id: str) -> AnyResponse | Refused:
    form = await forms.fields()
    filled = {
        "username": form.get("username", ""),
        "message": form.get("message", "").replace("\r\n", "\n").strip(),
    }
    try:
        body = decode.from_value(filled, contract.StartAtDeskBody)
        async with web.limited(Kind.CREATIONS):
            started = await begin(desk_id, body)
    except NotFound:
        raise
    except ParleyError as error:
        shown = await desks.look(web.site().context, await web.session_if_known(), desk_id)
        page = await render_template(
            "pages/desk.html", desk=shown.desk, error=error.text, filled=filled
        )
        return refused(page, error)
    went = web.go_on(f"/conversation/{started.conversation.room_id}#composer")
    return web.remember(went, started.token)


# --- for owners ---


@desk_pages.get(ADDRESS)
async def own() -> str:
    return await _page()


@desk_pages.post(ADDRESS)
async def make() -> AnyResponse | Refused:
    form = await forms.fields()
    filled = {name: form.get(name, "") for name in ("title", "username", "greeting")}
    try:
        body = decode.from_value(filled, contract.DeskBody)
        wishes = {
            "title": body.title or "",
            "username": body.username or "",
            "greeting": body.greeting or "",
        }
        async with web.limited(Kind.ACTS):
            made = await desks.make(web.site().context, await web.current_session(), wishes)
    except ParleyError as error:
        return refused(await _page(error=error.text, filled=filled), error)
    return web.remember(web.go_on(f"{ADDRESS}#desk-{made.desk.id}"), made.token)


@desk_pages.post(f"{ADDRESS}/<desk_id>/<act>")
async def change(desk_id: str, act: str) -> AnyResponse | Refused:
    form = await forms.fields()
    context, session = web.site().context, await web.current_session()
    try:
        async with web.limited(Kind.ACTS):
            if act == "remove":
                await desks.remove(context, session, desk_id)
                return web.go_on(ADDRESS)
            if act not in ("open", "close", "save"):
                raise NotFound
            wishes: dict[str, object] = {"is_open": act == "open"}
            if act == "save":
                filled = {name: form.get(name, "") for name in ("title", "username", "greeting")}
                body = decode.from_value(filled, contract.DeskBody)
                wishes = {
                    "title": body.title,
                    "username": body.username,
                    "greeting": body.greeting,
                }
            await desks.change(context, session, desk_id, wishes)
    except NotFound:
        raise
    except ParleyError as error:
        return refused(await _page(error=error.text), error)
    return web.go_on(f"{ADDRESS}#desk-{desk_id}")


async def _page(error: str = "", filled: dict[str, str] | None = None) -> str:
    context, session = web.site().context, await web.session_if_known()
    found = await desks.mine(context, session)
    public_url = web.public_url()
    return await render_template(
        "pages/desks.html",
        desks=[present.desk(each, public_url=public_url) for each in found],
        embedding=web.site().config.embedding_origins,
        public_url=public_url,
        may_start=await inviting.may_start(context, session),
        usual=desks.USERNAME,
        error=error,
        filled=filled or {},
    )
