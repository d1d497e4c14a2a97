"""The page of one's account: keeping who one is, signing in and out.

It works without scripts, too, but for passkeys, which browsers show to scripts alone.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from quart import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as Redirection

from parley import contract, signing_in, web
from parley.calls import accounts as calls
from parley.calls import export
from parley.contract import decode
from parley.domain import accounts, admins, contacts, openid, passkeys, recovery
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
HTML = "text/html; charset=utf-8"
_ROOM_ID = re.compile(r"[A-Za-z0-9_-]+")
Answer = Response | Redirection

account_pages = Blueprint("account_pages", __name__)
account_pages.before_request(forms.look_at_seal)
account_pages.before_request(web.admit)


@account_pages.get(ADDRESS)
async def account() -> str:
    return await _page(said=request.args.get("done", ""), back=_room_id(request.args))


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
        page = await _codes(started.codes, "You have an account now", back=_room_id(form))
        return signing_in.remember(page, started.entered)

    return await acting("keep", Kind.SIGN_INS, act, back=_room_id(form))


@account_pages.post(f"{ADDRESS}/look")
async def change() -> Answer | Refused:
    """The account's name, and the colour of its mark."""
    form = await forms.fields()

    async def act() -> Answer:
        hue = form.get("hue", "")
        # No colour has a longer number.
        chosen = int(hue[:4]) if hue.isdecimal() else None
        given = {"name": form.get("name", ""), "hue": chosen}
        body = decode.from_value(given, contract.ChangeAccountBody)
        await calls.change(body)
        return done("changed", "you")

    return await acting("you", Kind.ACTS, act)


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
        how = "confirmed" if entered.token is None else "signed-in"
        back = _room_id(form)
        went = web.go_on(f"/conversation/{back}") if back and entered.token else done(how)
        return signing_in.remember(went, entered)

    return await acting("sign-in", Kind.SIGN_INS, act, back=_room_id(form))


@account_pages.post(f"{ADDRESS}/sign-out")
async def sign_out() -> Answer | Refused:
    async def act() -> Answer:
        await accounts.sign_out(web.site().context, await web.current_session())
        return web.forget(done("signed-out"))

    return await acting("devices", Kind.ACTS, act)


@account_pages.post(f"{ADDRESS}/sign-out-others")
async def sign_out_others() -> Answer | Refused:
    async def act() -> Answer:
        session = await web.current_session()
        await accounts.sign_out(web.site().context, session, all_others=True)
        return done("others-out", "devices")

    return await acting("devices", Kind.ACTS, act)


@account_pages.post(f"{ADDRESS}/devices/<device_id>/sign-out")
async def sign_out_device(device_id: str) -> Answer | Refused:
    async def act() -> Answer:
        session = await web.current_session()
        id = web.number(device_id)
        await accounts.sign_out(web.site().context, session, device_id=id)
        return done("device-out", "devices")

    return await acting("devices", Kind.ACTS, act)


@account_pages.post(f"{ADDRESS}/codes")
async def make_codes() -> Answer | Refused:
    async def act() -> Answer:
        context, session = web.site().context, await web.current_session()
        before = await accounts.mine(context, session)
        codes = await recovery.make(context, session)
        had_any = before is not None and before.codes_left
        return await _codes(codes, "The codes before are no longer valid" if had_any else "")

    return await acting("codes", Kind.ACTS, act)


@account_pages.post(f"{ADDRESS}/contact-link")
async def make_contact_link() -> Answer | Refused:
    async def act() -> Answer:
        await contacts.make_link(web.site().context, await web.current_session())
        return done("contact-link", "contact")

    return await acting("contact", Kind.ACTS, act)


@account_pages.post(f"{ADDRESS}/contact-link/remove")
async def remove_contact_link() -> Answer | Refused:
    async def act() -> Answer:
        await contacts.remove_link(web.site().context, await web.current_session())
        return done("no-contact-link", "contact")

    return await acting("contact", Kind.ACTS, act)


@account_pages.post(f"{ADDRESS}/blocked/<blocked_id>/unblock")
async def unblock(blocked_id: str) -> Answer | Refused:
    async def act() -> Answer:
        session = await web.current_session()
        await contacts.unblock(web.site().context, session, web.number(blocked_id))
        return done("unblocked", "contact")

    return await acting("contact", Kind.ACTS, act)


@account_pages.post(f"{ADDRESS}/passkeys/<passkey_id>/rename")
async def rename_passkey(passkey_id: str) -> Answer | Refused:
    form = await forms.fields()

    async def act() -> Answer:
        body = decode.from_value({"name": form.get("name", "")}, contract.RenameBody)
        session = await web.current_session()
        await passkeys.rename(web.site().context, session, web.number(passkey_id), body.name)
        return done("renamed", "passkeys")

    return await acting("passkeys", Kind.ACTS, act)


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
            return Response(page, content_type=HTML)
        return done("passkey-removed", "passkeys")

    return await acting("passkeys", Kind.ACTS, act)


@account_pages.post(f"{ADDRESS}/identities/<identity_id>/remove")
async def remove_identity(identity_id: str) -> Answer | Refused:
    async def act() -> Answer:
        session = await web.current_session()
        await openid.remove(web.site().context, session, web.number(identity_id))
        return done("provider-removed", "identities")

    return await acting("identities", Kind.ACTS, act)


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
            return Response(page, content_type=HTML)
        body = decode.from_value({"messages": form["messages"]}, contract.DeleteAccountBody)
        with_messages = body.messages == "delete"
        await accounts.delete(context, session, with_messages=with_messages)
        return web.forget(done("deleted"))

    return await acting("end", Kind.ACTS, act)


def done(what: str, place: str = "") -> Answer:
    return web.go_on(f"{ADDRESS}?done={what}" + (f"#{place}" if place else ""))


def _room_id(fields: Mapping[str, str]) -> str:
    """The conversation that somebody came from to sign in, and goes back to; empty for none."""
    room_id = fields.get("back", "")
    is_one = len(room_id) <= contract.ROOM_ID_MAX_CHARS and _ROOM_ID.fullmatch(room_id)
    return room_id if is_one else ""


async def acting(
    place: str,
    kind: Kind | None,
    act: Callable[[], Awaitable[Answer]],
    *,
    back: str = "",
) -> Answer | Refused:
    """What a form asks for; the page with the reason at the form's place where it is refused."""
    try:
        async with web.limited(kind):
            return await act()
    except ParleyError as error:
        return refused(await _page(error=error, place=place, back=back), error)


async def _page(
    *, error: ParleyError | None = None, place: str = "", said: str = "", back: str = ""
) -> str:
    context, session = web.site().context, await web.session_if_known()
    reply = await calls.account()
    why_not = ""
    try:
        signing_in.relying_party()
    except PasskeysUnavailable as unavailable:
        why_not = unavailable.text
    identities = reply.account.identities if reply.account else []
    needs_proof = isinstance(error, ConfirmationRequired)
    shown: dict[str, Any] = {
        "account": reply.account or None,
        "has_any": bool(reply.account) or reply.guest_conversations > 0,
        "guest_conversations": reply.guest_conversations,
        "providers": reply.providers,
        "linked": {each.provider for each in identities if each.provider},
        "why_no_passkeys": why_not,
        "is_admin": await admins.known(context, session) is not None,
        "name": await accounts.usual_name(context, session),
        "hue_words": _HUES,
        "error": None if error is None else error.text,
        "place": "confirm" if needs_proof else place,
        "said": _SAID.get(said, ""),
        "back": back,
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
    "provider-added": "Added. You can sign in with it from now on.",
    "provider-removed": "Removed. You can't sign in with it any more.",
    "passkey-removed": "The passkey is removed. Remove it from your device, too.",
    "deleted": "Your account is deleted.",
    "contact-link": "Your contact link is ready. If you had one before, it no longer works.",
    "no-contact-link": "Your contact link is off.",
    "unblocked": "They can invite you again.",
}


async def _codes(codes: tuple[str, ...], about: str, back: str = "") -> Response:
    page = await render_template("pages/account_codes.html", codes=codes, about=about, back=back)
    return Response(page, content_type=HTML)


async def _asking(title: str, text: str, answer: str, path: str) -> str:
    question = {"title": title, "about": "Account", "text": text, "answer": answer, "fields": {}}
    return await render_template(
        "pages/ask.html",
        question=question,
        action=web.root() + path,
        back=web.root() + ADDRESS,
    )
