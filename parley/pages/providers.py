"""Going to a provider of OpenID Connect to sign in, and coming back.

Both ways have a page between, which goes on by itself, and by a link or a button without scripts.
Out, as a page's policy lets no form lead to another site; and back, as whoever comes from another
site is nobody yet: the page changes nothing, and what it posts is done by somebody on a page of
ours.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from quart import Blueprint, Response, render_template, request

from parley import contract, signing_in, web
from parley.contract import decode
from parley.domain import openid
from parley.domain.openid import Returned
from parley.errors import BadRequest, OriginRefused, SignInFailed
from parley.limits.limiter import Kind
from parley.pages import forms
from parley.pages.accounts import ADDRESS, HTML, Answer, acting, done
from parley.pages.door import Refused
from parley.records import Purpose

PROVIDER = f"{ADDRESS}/providers/<provider>"
TOP = "top"
"""Where the page of the account tells what went wrong."""
_GIVEN = ("code", "state", "iss")
_REFUSALS = {
    "access_denied": "You cancelled, or {name} didn't let you go on. Nothing changed here.",
    "server_error": "{name} has trouble right now. Try again later.",
    "temporarily_unavailable": "{name} has trouble right now. Try again later.",
}
_OTHERWISE = "{name} didn't confirm who you are. Try again."

provider_pages = Blueprint("provider_pages", __name__)
provider_pages.before_request(forms.look_at_seal)
provider_pages.before_request(web.admit)


@provider_pages.post(PROVIDER)
async def go(provider: str) -> Answer | Refused:
    form = await forms.fields()

    async def act() -> Answer:
        if not signing_in.keeps_cookies():
            raise OriginRefused
        browser, context = await signing_in.goes(), web.site().context
        url = await openid.ask(
            context,
            provider,
            browser,
            Purpose.ADD if "add" in form else Purpose.SIGN_IN,
            signing_in.redirect_uri(provider),
            bring="bring" in form,
        )
        name = openid.provider(context, provider).name
        page = await _between(name=name, url=url, host=urlsplit(url).hostname, fields={})
        return signing_in.remember_gone(page, browser)

    return await acting(TOP, Kind.SIGN_INS, act)


@provider_pages.get(f"{PROVIDER}/callback")
async def come_back(provider: str) -> Answer | Refused:
    """Whoever asks may come from anywhere, so it is only shown what there is to do."""

    async def act() -> Answer:
        context, given = web.site().context, request.args
        name = openid.provider(context, provider).name
        if any(len(given.getlist(each)) > 1 for each in (*_GIVEN, "error")):
            raise BadRequest
        if "error" in given:
            # The provider's own words are not shown: anybody can write some into an address.
            raise SignInFailed(_REFUSALS.get(given["error"], _OTHERWISE).format(name=name))
        fields = {each: given[each] for each in _GIVEN if each in given}
        body = decode.from_value(fields, contract.ProviderSignInBody)
        await openid.require_asked(context, provider, signing_in.gone_secret(), body.state)
        return await _between(name=name, url="", fields=fields)

    return await acting(TOP, None, act)


@provider_pages.post(f"{PROVIDER}/callback")
async def finish(provider: str) -> Answer | Refused:
    form = await forms.fields()

    async def act() -> Answer:
        if "start" in form:
            return await _start(provider, form["start"], form.get("name", ""))
        fields = {each: form[each] for each in _GIVEN if each in form}
        body = decode.from_value(fields, contract.ProviderSignInBody)
        outcome = await openid.sign_in(
            web.site().context,
            provider,
            await signing_in.comes_back(),
            signing_in.where(),
            Returned(body.code, body.state, body.iss),
            signing_in.redirect_uri(provider),
        )
        if outcome.entered is None:
            return await _offer(provider, body.state, outcome.name)
        how = "confirmed" if outcome.entered.token is None else "signed-in"
        answer = (
            done("provider-added", "identities") if outcome.purpose is Purpose.ADD else done(how)
        )
        return signing_in.forget_gone(signing_in.remember(answer, outcome.entered))

    return await acting(TOP, Kind.SIGN_INS, act)


async def _start(provider: str, state: str, name: str) -> Answer:
    body = decode.from_value({"state": state, "name": name}, contract.ProviderStartBody)
    entered = await openid.start(
        web.site().context,
        provider,
        await signing_in.comes_back(),
        signing_in.where(),
        body.state,
        body.name,
    )
    return signing_in.forget_gone(signing_in.remember(done("kept"), entered))


async def _offer(provider: str, state: str, name: str) -> Response:
    """They have no account here: whether they want one."""
    page = await render_template(
        "pages/account_begin.html",
        provider=openid.provider(web.site().context, provider),
        state=state,
        name=name,
    )
    return Response(page, content_type=HTML)


async def _between(**shown: Any) -> Response:
    page = await render_template("pages/going_on.html", action=web.root() + request.path, **shown)
    return Response(page, content_type=HTML)
