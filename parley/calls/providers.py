"""Signing in with a provider: going there, and what somebody comes back with."""

from __future__ import annotations

from quart import Response

from parley import contract, signing_in, web
from parley.calls.accounts import signed_in
from parley.domain import openid
from parley.domain.openid import Returned
from parley.errors import SignInUnknown
from parley.records import Purpose


async def ask(
    body: contract.AskProviderBody, provider: str
) -> Response | contract.AskProviderReply:
    browser = await signing_in.goes()
    url = await openid.ask(
        web.site().context,
        provider,
        browser,
        Purpose(body.purpose),
        signing_in.redirect_uri(provider),
        bring=body.bring,
    )
    if signing_in.keeps_cookies():
        return signing_in.remember_gone(web.json(contract.AskProviderReply(url=url)), browser)
    return contract.AskProviderReply(url=url, secret=browser.secret)


async def sign_in(body: contract.ProviderSignInBody, provider: str) -> Response:
    outcome = await openid.sign_in(
        web.site().context,
        provider,
        await signing_in.comes_back(body.secret),
        signing_in.where(),
        Returned(body.code, body.state, body.iss),
        signing_in.redirect_uri(provider),
    )
    if outcome.entered is None:
        raise SignInUnknown
    return signed_in(outcome.entered)


async def start_account(body: contract.ProviderStartBody, provider: str) -> Response:
    entered = await openid.start(
        web.site().context,
        provider,
        await signing_in.comes_back(body.secret),
        signing_in.where(),
        body.state,
        body.name,
    )
    return signed_in(entered, status=201)


async def remove(identity_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await openid.remove(web.site().context, session, web.number(identity_id))
    return contract.DoneReply()
