"""The page of one's account: keeping who one is, signing in and out.

It works without scripts, too, but for passkeys, which browsers show to scripts alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from quart import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as Redirection

from parley import contract, signing_in, web
from parley.calls import accounts as calls
from parley.calls import export
from parley.contract import decode
from parley.domain import accounts, passkeys, recovery
from parley.errors import (
    AccountRequired,
    ConfirmationRequired,
    LastWayIn,
    ParleyError,
    PasskeysUnavailable,
)
from parley.limits.limiter import Kind
from parley.pages import forms
from parley.pages.door import Refused, refused

ADDRESS = "/account"
Answer = Response | Redirection

account_pages = Blueprint("account_pages", __name__)
account_pages.before_request(forms.look_at_seal)
account_pages.before_request(web.admit)


@account_pages.get(ADDRESS)
async def account() -> str:
    return await _page(said=request.args.get("done", ""))


@account_pages.get(f"{ADDRESS}/export")
async def export_all() -> Answer:
    """All of one's own, for guests, too."""
    async with web.limited(Kind.SEARCHES):
        return await export.answer_all()


@account_pages.post(f"{ADDRESS}/start")
async def start() -> Answer | Refused:
    """With recovery codes, which are shown once: in the answer itself."""
    form = await forms.fields()

    async def act() -> Answer:
        body = decode.from_value({"name": form.get("name", "")}, contract.StartAccountBody)
        session = await web.current_session()
        started = await recovery.start(web.site().context, session, signing_in.where(), body.name)
        return signing_in.remember(
            await _codes(started.codes, "You have an account now"), started.entered
        )

    return await _acting("keep", Kind.SIGN_INS, act)


@account_pages.post(f"{ADDRESS}/look")
async def change() -> Answer | Refused:
    """The account's name, and the colour of its mark."""
    form = await forms.fields()

    async def act() -> Answer:
        hue = form.get("hue", "")
        given = {"name": form.get("name", ""), "hue": int(hue) if hue.isdecimal() else None}
        body = decode.from_value(given, contract.ChangeAccountBody)
        await calls.change(body)
        return _done("changed", "you")

    return await _acting("you", Kind.ACTS, act)


@account_pages.post(f"{ADDRESS}/sign-in")
async def sign_in() -> Answer | Refused:
    """Where somebody is signed in, it confirms that it is them."""
    form = await forms.fields()

    async def act() -> Answer:
        given = {"code": form.get("code", ""), "bring": "bring" in form}
        body = decode.from_value(given, contract.SignInBody)
        session = await web.current_session()
        entered = await recovery.sign_in(
            web.site().context, session, signing_in.where(), body.code, bring=body.bring
        )
        done = "confirmed" if entered.token is None else "signed-in"
        return signing_in.remember(_done(done), entered)

    return await _acting("sign-in", Kind.SIGN_INS, act)


@account_pages.post(f"{ADDRESS}/sign-out")
async def sign_out() -> Answer | Refused:
    async def act() -> Answer:
        await accounts.sign_out(web.site().context, await web.current_session())
        return web.forget(_done("signed-out"))

    return await _acting("devices", Kind.ACTS, act)


@account_pages.post(f"{ADDRESS}/sign-out-others")
async def sign_out_others() -> Answer | Refused:
    async def act() -> Answer:
        session = await web.current_session()
        await accounts.sign_out(web.site().context, session, all_others=True)
        return _done("others-out", "devices")

    return await _acting("devices", Kind.ACTS, act)


@account_pages.post(f"{ADDRESS}/devices/<device_id>/sign-out")
async def sign_out_device(device_id: str) -> Answer | Refused:
    async def act() -> Answer:
        session = await web.current_session()
        id = web.number(device_id)
        await accounts.sign_out(web.site().context, session, device_id=id)
        return _done("device-out", "devices")

    return await _acting("devices", Kind.ACTS, act)


@account_pages.post(f"{ADDRESS}/codes")
async def make_codes() -> Answer | Refused:
    async def act() -> Answer:
        context, session = web.site().context, await web.current_session()
        before = await accounts.mine(context, session)
        codes = await recovery.make(context, session)
        had_any = before is not None and before.codes_left
        return await _codes(codes, "The codes before are no longer valid" if had_any else "")

    return await _acting("codes", Kind.ACTS, act)


@account_pages.post(f"{ADDRESS}/passkeys/<passkey_id>/rename")
async def rename_passkey(passkey_id: str) -> Answer | Refused:
    form = await forms.fields()

    async def act() -> Answer:
        body = decode.from_value({"name": form.get("name", "")}, contract.RenameBody)
        session = await web.current_session()
        await passkeys.rename(web.site().context, session, web.number(passkey_id), body.name)
        return _done("renamed", "passkeys")

    return await _acting("passkeys", Kind.ACTS, act)


@account_pages.post(f"{ADDRESS}/passkeys/<passkey_id>/remove")
async def remove_passkey(passkey_id: str) -> Answer | Refused:
    form = await forms.fields()

    async def act() -> Answer:
        session = await web.current_session()
        try:
            await passkeys.remove(
                web.site().context, session, web.number(passkey_id), anyway="sure" in form
            )
        except LastWayIn as error:
            page = await _asking(
                "Remove your last passkey?",
                error.text.replace(" first, or remove it all the same", " first"),
                "Remove it anyway",
                f"{ADDRESS}/passkeys/{passkey_id}/remove",
            )
            return Response(page, content_type=_HTML)
        return _done("passkey-removed", "passkeys")

    return await _acting("passkeys", Kind.ACTS, act)


@account_pages.post(f"{ADDRESS}/delete")
async def delete() -> Answer | Refused:
    form = await forms.fields()

    async def act() -> Answer:
        context, session = web.site().context, await web.current_session()
        if "messages" not in form:
            mine = await accounts.mine(context, session)
            if mine is None:
                raise AccountRequired
            accounts.require_confirmed(mine.device, context.clock())
            page = await render_template("pages/account_delete.html", owned=mine.owned)
            return Response(page, content_type=_HTML)
        body = decode.from_value({"messages": form["messages"]}, contract.DeleteAccountBody)
        with_messages = body.messages == "delete"
        await accounts.delete(context, session, with_messages=with_messages)
        return web.forget(_done("deleted"))

    return await _acting("end", Kind.ACTS, act)


_HTML = "text/html; charset=utf-8"


def _done(what: str, place: str = "") -> Answer:
    return web.go_on(f"{ADDRESS}?done={what}" + (f"#{place}" if place else ""))


async def _acting(place: str, kind: Kind, act: Callable[[], Awaitable[Answer]]) -> Answer | Refused:
    """What a form asks for; the page with the reason at the form's place where it is refused."""
    try:
        async with web.limited(kind):
            return await act()
    except ParleyError as error:
        return refused(await _page(error=error, place=place), error)


async def _page(*, error: ParleyError | None = None, place: str = "", said: str = "") -> str:
    context, session = web.site().context, await web.session_if_known()
    reply = await calls.account()
    why_not = ""
    try:
        signing_in.relying_party()
    except PasskeysUnavailable as unavailable:
        why_not = unavailable.text
    needs_proof = isinstance(error, ConfirmationRequired)
    shown: dict[str, Any] = {
        "account": reply.account or None,
        "has_any": bool(reply.account) or reply.guest_conversations > 0,
        "guest_conversations": reply.guest_conversations,
        "why_no_passkeys": why_not,
        "name": await accounts.usual_name(context, session),
        "hue_words": _HUES,
        "error": None if error is None else error.text,
        "place": "confirm" if needs_proof else place,
        "said": _SAID.get(said, ""),
    }
    return await render_template("pages/account.html", **shown)


_HUES = (
    *("Orange", "Green", "Teal", "Blue", "Violet", "Pink"),
    *("Strong orange", "Strong green", "Strong teal", "Strong blue", "Strong violet"),
    "Strong pink",
)
"""The colours of marks, in words."""
_SAID = {
    "kept": "You have an account now.",
    "signed-in": "You are signed in.",
    "confirmed": "Thank you. For 15 minutes you can change how you sign in.",
    "signed-out": "You are signed out on this device.",
    "others-out": "All other devices are signed out.",
    "device-out": "The device is signed out.",
    "changed": "Your name and colour are saved.",
    "renamed": "The passkey is renamed.",
    "passkey-added": "The passkey is added.",
    "passkey-removed": "The passkey is removed. Remove it from your device, too.",
    "deleted": "Your account is deleted.",
}


async def _codes(codes: tuple[str, ...], about: str) -> Response:
    page = await render_template("pages/account_codes.html", codes=codes, about=about)
    return Response(page, content_type=_HTML)


async def _asking(title: str, text: str, answer: str, path: str) -> str:
    question = {"title": title, "about": "Account", "text": text, "answer": answer, "fields": {}}
    return await render_template(
        "pages/ask.html",
        question=question,
        action=web.root() + path,
        back=web.root() + ADDRESS,
    )
