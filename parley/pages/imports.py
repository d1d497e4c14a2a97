"""The pages that bring a conversation along: a file is sent, what it becomes is shown, and then it
is stored.
"""

from __future__ import annotations

from quart import Blueprint, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from parley import contract, web
from parley.config import in_words
from parley.contract import decode
from parley.domain.importing import wording
from parley.domain.importing.imports import Import, Told
from parley.errors import BadRequest, Forbidden, NotFound, ParleyError
from parley.incoming import BrokenOff
from parley.limits.limiter import Kind
from parley.pages import forms
from parley.pages.door import Refused, refused

import_pages = Blueprint("import_pages", __name__)
import_pages.before_request(forms.look_at_seal)
import_pages.before_request(web.admit)

ORDERS = {
    "": "Find out from the file",
    "dmy": "31.12.2024",
    "mdy": "12/31/2024",
    "ymd": "2024-12-31",
}


@import_pages.get("/import")
async def begin() -> str:
    return await _begin(asks_order="order" in request.args)


@import_pages.post("/import")
async def send() -> AnyResponse | Refused:
    order = ""
    try:
        async with web.limited(Kind.CREATIONS):
            found = await forms.with_file()
            if found is None or not found.name:
                raise BadRequest("Choose a file first.")
            order = found.form.fields.get("order", "")
            if order not in ORDERS:
                raise BadRequest("Choose how the file writes dates from the list.")
            known, token = await web.imports().receive(
                await web.current_session(),
                found.name,
                found.form.data(),
                Told(order=order),
                announced=None,
                is_dry=True,
            )
    except BrokenOff:
        raise BadRequest("The file broke off. Nothing was kept: send it again.") from None
    except (NotFound, Forbidden):
        raise
    except ParleyError as error:
        return refused(await _begin(error=error.text, order=order), error)
    return web.remember(web.go_on(f"/import/{known.id}"), token)


@import_pages.get("/import/<id>")
async def progress(id: str) -> str:
    known = web.imports().find(await web.session_if_known(), id)
    return await _progress(known, known.told)


@import_pages.post("/import/<id>")
async def store(id: str) -> AnyResponse | Refused:
    form, session = await request.form, await web.current_session()
    known = web.imports().find(session, id)
    given = {name: form.get(name, "") for name in ("title", "zone", "choose", "order")}
    told = Told(**given)
    try:
        body = decode.from_value(given, contract.StoreBody)
        told = Told(body.title, body.zone.strip(), body.choose, body.order)
        async with web.limited(Kind.CREATIONS):
            web.imports().store(session, id, told)
    except (NotFound, Forbidden):
        raise
    except ParleyError as error:
        return refused(await _progress(known, told, error=error.text), error)
    return web.go_on(f"/import/{id}")


async def _begin(*, error: str = "", order: str = "", asks_order: bool = False) -> str:
    """`asks_order` of whoever comes back from a file that didn't say."""
    imports = web.imports()
    imports.require_on()
    return await render_template(
        "pages/import.html",
        error=error,
        most=in_words(imports.max_file()),
        orders=ORDERS,
        order=order,
        asks_order=asks_order or order,
    )


async def _progress(known: Import, told: Told, *, error: str = "") -> str:
    done = known.imported
    return await render_template(
        "pages/import_progress.html",
        known=known,
        is_busy=known.is_busy,
        staged=known.staged,
        rows=[] if known.staged is None else wording.rows(known.staged),
        room_id=None if done is None else done.conversation.room_id,
        told=told,
        orders=ORDERS,
        error=error,
    )
