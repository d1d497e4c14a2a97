"""The pages at the door: what keeps somebody out, and how they may come in."""

from __future__ import annotations

from quart import Blueprint, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from parley import contract, present, web
from parley.contract import decode
from parley.domain import accounts, conversations, entering, knocking, role_links
from parley.errors import (
    KnockRequired,
    Locked,
    OldLink,
    ParleyError,
    PassphraseRequired,
    PassphraseWrong,
    RateLimited,
    ReadProofRequired,
)
from parley.limits.limiter import Kind
from parley.pages import forms, problems
from parley.records import Knock

door_pages = Blueprint("door_pages", __name__)

Refused = tuple[str, int, dict[str, str]]
"""A page that says why not, its status, and when to try again."""
ASKED_AT_THE_DOOR = (KnockRequired, Locked, PassphraseRequired)
"""What keeps somebody out who may have knocked there, or still may."""
AT_THE_DOOR = (
    Locked,
    KnockRequired,
    OldLink,
    PassphraseRequired,
    PassphraseWrong,
    ReadProofRequired,
)


door_pages.before_request(forms.look_at_seal)
door_pages.before_request(web.admit)


async def door(
    room_id: str, refusal: ParleyError, *, error: ParleyError | None = None, username: str = ""
) -> Refused:
    """The page for somebody whom `refusal` keeps out; `error` is what came of their trying."""
    stands = None
    if isinstance(refusal, ASKED_AT_THE_DOOR):
        session = await web.session_if_known()
        stands = await knocking.own_knock(web.site().context, room_id, session)
    knocked = None if stands is None else stands.knock
    page = await render_template(
        "pages/door.html",
        room_id=room_id,
        kind=refusal.code,
        text=problems.after_title(refusal),
        epoch=refusal.epoch,
        stands=stands,
        state=None if stands is None else present.knock_state(stands),
        error=None if error is None else error.text,
        username=username or await _known_name(knocked),
    )
    return refused(page, error or refusal)


async def _known_name(knocked: Knock | None) -> str:
    if knocked is not None:
        return knocked.username
    return await accounts.own_name(web.site().context, await web.session_if_known())


def refused(page: str, error: ParleyError) -> Refused:
    """A page that tells of `error`, its form as it was filled in: nobody writes that twice."""
    return page, contract.CODES[contract.Code(error.code)].status, web.retry_headers(error)


@door_pages.post("/conversation/<room_id>/enter")
async def enter(room_id: str) -> AnyResponse | Refused:
    passphrase = (await request.form).get("passphrase", "")
    try:
        body = decode.from_value({"passphrase": passphrase}, contract.EnterBody)
        session = await web.current_session()
        async with web.limited(Kind.JOINS, room_id), web.guessing(room_id):
            passphrase = body.passphrase or ""
            entered = await entering.enter(web.site().context, room_id, session, passphrase)
    except (PassphraseWrong, RateLimited) as error:
        return await door(room_id, PassphraseRequired(), error=error)
    return web.remember(web.go_on(f"/conversation/{entered.conversation.room_id}"), entered.token)


@door_pages.get("/conversation/<room_id>/key")
async def ask_for_key(room_id: str) -> AnyResponse | Refused:
    """For who may read an encrypted conversation, in a browser that has no key of it."""
    try:
        session = await web.session_if_known()
        found = await conversations.find(web.site().context, room_id, session)
    except AT_THE_DOOR as refusal:
        return await door(room_id, refusal)
    if not found.conversation.is_encrypted:
        return web.go_on(f"/conversation/{room_id}")
    needed = ReadProofRequired(found.conversation.epoch)
    page, _, headers = await door(found.conversation.room_id, needed)
    return page, 200, headers


@door_pages.post("/conversation/<room_id>/knock")
async def knock(room_id: str) -> AnyResponse | Refused:
    username = (await request.form).get("username", "")
    try:
        body = decode.from_value({"username": username}, contract.KnockBody)
        session = await web.current_session()
        async with web.limited(Kind.JOINS, room_id):
            asked = await knocking.knock(
                web.site().context, room_id, session, body.username, web.address()
            )
    except ParleyError as error:
        if isinstance(error, AT_THE_DOOR):
            return await door(room_id, error, username=username)
        return await door(room_id, KnockRequired(), error=error, username=username)
    return web.remember(web.go_on(f"/conversation/{room_id}"), asked.token)


@door_pages.get("/link/<code>")
async def ask_to_use_link(code: str) -> str:
    """To look at a link, as programs do that make previews, must not use it up."""
    session = await web.session_if_known()
    conversation, link = await role_links.behind(web.site().context, code, session)
    return await render_template(
        "pages/link.html", conversation=conversation, role=link.role.value, code=code
    )


@door_pages.post("/link/<code>")
async def use_link(code: str) -> AnyResponse:
    async with web.limited(Kind.JOINS):
        entered = await role_links.use_link(web.site().context, await web.current_session(), code)
    return web.remember(web.go_on(f"/conversation/{entered.conversation.room_id}"), entered.token)
