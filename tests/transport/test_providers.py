"""Signing in with a provider: by pages without scripts, by programs, and by whoever attacks."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from parley.app import Parley, create_app, web_site
from parley.config import Config
from parley.domain import accounts, openid
from parley.domain.context import now
from parley.signing_in import GONE_COOKIE
from tests import lasting
from tests.calls import FOREIGN, Caller, Reply
from tests.cases import together
from tests.oidc.provider import (
    SECRET,
    Claims,
    Key,
    Provider,
    honest,
    serving,
    with_providers,
)
from tests.passkeys import Browser

pytestmark = lasting.in_one_loop
app, own_app = lasting.app, lasting.own_app

AT = "/account/providers/example"
BACK = f"{AT}/callback"
REST = "/api/account/providers/example"
DOMAINS = ("example.org", "example.com")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def providers() -> AsyncIterator[tuple[Provider, Provider, Provider]]:
    async with serving() as first, serving() as second, serving() as third:
        yield first, second, third


@pytest.fixture(autouse=True)
def _nobody_is_known(providers: tuple[Provider, Provider, Provider]) -> None:
    """What providers are asked, and whom they know, is of one test."""
    prefix = f"{secrets.token_hex(4)}-"
    for each in providers:
        each.prefix, each.answers = prefix, {}
        each.asked.clear()


@pytest.fixture
def provider(providers: tuple[Provider, Provider, Provider]) -> Provider:
    return providers[0]


@pytest.fixture
def other(providers: tuple[Provider, Provider, Provider]) -> Provider:
    """Another, which everybody may sign in with, too."""
    return providers[1]


@pytest.fixture
def closed(providers: tuple[Provider, Provider, Provider]) -> Provider:
    """One for the people of some domains."""
    return providers[2]


def with_all(config: Config, providers: tuple[Provider, Provider, Provider]) -> Config:
    first, second, third = providers
    return with_providers(
        config, first.row(), second.row("other"), third.row("closed", domains=DOMAINS)
    )


@pytest.fixture(scope="module")
def config(
    tmp_path_factory: pytest.TempPathFactory,
    empty_database: Path,
    providers: tuple[Provider, Provider, Provider],
) -> Config:
    return with_all(
        lasting.config_in(tmp_path_factory.mktemp("providers"), empty_database), providers
    )


@pytest.fixture
def own_config(own_config: Config, providers: tuple[Provider, Provider, Provider]) -> Config:
    return with_all(own_config, providers)


@pytest.fixture
def ana(app: Parley) -> Browser:
    return Browser(app)


@pytest.fixture
def desk(app: Parley) -> Browser:
    return Browser(app)


async def goes(who: Browser, at: str = AT, **fields: str) -> str:
    """They press the button; the address that the link of the next page has."""
    reply = await who.post_form(at, fields)
    assert reply.status == 200, reply.text
    [href] = re.findall(r'id="go-on" href="([^"]+)"', reply.text)
    return unescape(str(href))


async def looks(who: Browser, sent: dict[str, str], back: str = BACK) -> Reply:
    """They come back, from another site."""
    response = await who.http.get(
        f"{back}?{urlencode(sent)}",
        headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"},
    )
    raw = await response.get_data(False)
    return Reply(response.status_code, response.headers, raw)


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found if name != "page"}


async def comes_back(who: Browser, sent: dict[str, str], back: str = BACK) -> Reply:
    """They come back and press the button there."""
    page = await looks(who, sent, back)
    assert page.status == 200, page.text
    return await who.post_form(back, hidden(page.text))


async def begins(who: Browser, provider: Provider, sub: str = "ana", **claims: Any) -> None:
    """They start an account."""
    offer = await comes_back(who, provider.approves(await goes(who), sub, **claims))
    assert offer.status == 200, offer.text
    assert "Start an account?" in offer.text
    reply = await who.post_form(BACK, hidden(offer.text) | {"name": "Ana"})
    assert (reply.status, reply.headers["Location"]) == (303, "/account?done=kept")


async def signs_in(who: Browser, provider: Provider, sub: str = "ana", **fields: str) -> Reply:
    return await comes_back(who, provider.approves(await goes(who, **fields), sub))


async def identities(who: Browser) -> list[dict[str, Any]]:
    account = await who.account()
    assert account is not None
    found: list[dict[str, Any]] = account["identities"]
    return found


def refused(reply: Reply, words: str, status: int = 403) -> None:
    assert reply.status == status, reply.text
    assert words in unescape(reply.text), reply.text


# --- the main way ---


async def test_who_starts_an_account_signs_in_to_it_elsewhere(
    ana: Browser, desk: Browser, provider: Provider
) -> None:
    await begins(ana, provider)
    reply = await signs_in(desk, provider)
    assert (reply.status, reply.headers["Location"]) == (303, "/account?done=signed-in")
    account = await desk.account()
    assert account is not None
    assert (account["name"], len(account["devices"])) == ("Ana", 2)
    [identity] = account["identities"]
    assert (identity["provider"], identity["name"]) == ("example", "Example")
    assert "used_at" in identity


async def test_the_name_is_offered_and_nothing_else_is_kept(
    ana: Browser, app: Parley, provider: Provider
) -> None:
    claims: Claims = {"name": 'Ana "A" <b>', "email": "ana@secret.example"}
    claims["picture"] = "https://x.example"
    offer = await comes_back(ana, provider.approves(await goes(ana), "ana-subject", **claims))
    assert 'value="Ana &#34;A&#34; &lt;b&gt;"' in offer.text
    await ana.post_form(BACK, hidden(offer.text) | {"name": ""})
    account = await ana.account()
    assert account is not None
    assert account["name"] == ""
    if web_site(app).config.database_url:
        return
    folder = web_site(app).config.data
    kept = b"".join(each.read_bytes() for each in folder.glob("parley.db*"))
    assert b"ana-subject" in kept
    for never in (b"secret.example", b"x.example", b'"A"', b"an access token"):
        assert never not in kept


async def test_a_guest_comes_along_or_does_not(
    ana: Browser, app: Parley, provider: Provider
) -> None:
    await begins(ana, provider)
    for title, fields, comes in (("Tea", {"bring": "on"}, True), ("Coffee", {}, False)):
        guest = Browser(app)
        room_id = await guest.starts(title)
        guest.token = None
        reply = await signs_in(guest, provider, **fields)
        assert reply.status == 303, reply.text
        mine = await guest.call("GET", "/api/mine")
        assert (room_id in str(mine.body)) is comes, title


async def test_a_guest_who_starts_an_account_stays_who_they_are(
    ana: Browser, provider: Provider
) -> None:
    room_id = await ana.starts("Tea")
    ana.token = None
    await begins(ana, provider)
    assert room_id in str((await ana.call("GET", "/api/mine")).body)


async def test_it_is_added_to_an_account_and_removed_but_never_as_the_last_way_in(
    ana: Browser, desk: Browser, provider: Provider
) -> None:
    await ana.adds()
    url = await goes(ana, add="on")
    reply = await comes_back(ana, provider.approves(url))
    assert reply.headers["Location"] == "/account?done=provider-added#identities"
    [identity] = await identities(ana)
    await signs_in(desk, provider)
    assert await desk.account() is not None
    # Now either may go, but not both.
    account = await ana.account()
    assert account is not None
    await ana.post_form(f"/account/passkeys/{account['passkeys'][0]['id']}/remove", {})
    refused(
        await ana.post_form(f"/account/identities/{identity['id']}/remove", {}),
        "sign in on no other device",
        409,
    )
    assert len(await identities(ana)) == 1
    await ana.call("POST", "/api/account/codes")
    reply = await ana.post_form(f"/account/identities/{identity['id']}/remove", {})
    assert reply.headers["Location"] == "/account?done=provider-removed#identities"
    assert await identities(ana) == []
    # Whoever they are to the provider, here they are nobody.
    offer = await signs_in(Browser(desk.app), provider)
    assert "Start an account?" in offer.text


async def test_a_provider_that_is_not_configured_any_more_is_no_way_in(
    ana: Browser, app: Parley, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ana.adds()
    await comes_back(ana, provider.approves(await goes(ana, add="on")))
    [identity] = await identities(ana)
    account = await ana.account()
    assert account is not None
    monkeypatch.setattr(type(web_site(app).context.providers), "issuers", frozenset())
    passkey = f"/api/account/passkeys/{account['passkeys'][0]['id']}"
    assert (await ana.call("DELETE", passkey)).body["code"] == "last_way_in"
    reply = await ana.call("DELETE", f"/api/account/identities/{identity['id']}")
    assert reply.status == 200


async def test_signing_in_again_confirms_that_it_is_them(
    ana: Browser, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begins(ana, provider)
    at = now() + timedelta(hours=1)
    ana_site = web_site(ana.app)
    later = replace(ana_site.context, clock=lambda: at)
    monkeypatch.setattr(ana_site, "context", later)
    assert (await ana.call("POST", "/api/account/codes")).body["code"] == "confirmation_required"
    url = await goes(ana)
    assert dict(parse_qsl(urlsplit(url).query))["prompt"] == "login"
    clock: Claims = {"exp": at.timestamp() + 300, "iat": at.timestamp()}
    # It says that they proved it long ago: whoever sits at an open browser is no proof.
    stale = provider.approves(url, **clock, auth_time=at.timestamp() - 3_600)
    refused(await comes_back(ana, stale), "didn't ask you again")
    fresh = provider.approves(await goes(ana), **clock, auth_time=at.timestamp())
    reply = await comes_back(ana, fresh)
    assert reply.headers["Location"] == "/account?done=confirmed"
    assert (await ana.call("POST", "/api/account/codes")).status == 201


async def test_somebody_elses_sign_in_confirms_nothing(
    ana: Browser, desk: Browser, provider: Provider
) -> None:
    await begins(ana, provider)
    await begins(desk, provider, "ben")
    refused(await signs_in(ana, provider, "ben"), "Sign out first", 409)
    refused(await signs_in(ana, provider, "cleo"), "isn't a sign-in of this account")
    refused(
        await comes_back(ana, provider.approves(await goes(ana, add="on"), "ben")),
        "belongs to another account",
        409,
    )


async def test_deleting_the_account_forgets_who_they_are(ana: Browser, provider: Provider) -> None:
    await begins(ana, provider)
    assert (await ana.call("DELETE", "/api/account", {"messages": "keep"})).status == 200
    assert "Start an account?" in (await signs_in(ana, provider)).text


# --- whose people may come ---


@together(
    ("claims", "may"),
    [
        ({"email": "ana@example.org", "email_verified": True}, True),
        ({"email": "ana@EXAMPLE.com", "email_verified": True}, True),
        ({"hd": "example.org"}, True),
        ({"email": "ana@example.org", "email_verified": False}, False),
        ({"email": "ana@example.org"}, False),
        ({"email": "ana@sub.example.org", "email_verified": True}, False),
        ({"email": "ana@example.org.mallory.example", "email_verified": True}, False),
        ({"hd": "mallory.example", "email": "ana@example.org", "email_verified": True}, False),
        ({}, False),
    ],
)
async def test_only_people_of_its_domains_come_in_by_a_closed_provider(
    app: Parley, closed: Provider, claims: dict[str, Any], may: bool
) -> None:
    who, at = Browser(app), "/account/providers/closed"
    url = await goes(who, at)
    assert dict(parse_qsl(urlsplit(url).query))["scope"] == "openid profile email"
    reply = await comes_back(who, closed.approves(url, **claims), f"{at}/callback")
    if may:
        assert "Start an account?" in reply.text
    else:
        refused(reply, "Only people of example.org or example.com can sign in with Closed here.")


async def test_who_is_of_a_domain_no_more_comes_in_no_more(
    ana: Browser, desk: Browser, closed: Provider
) -> None:
    at = "/account/providers/closed"
    member: Claims = {"email": "ana@example.org", "email_verified": True}
    offer = await comes_back(ana, closed.approves(await goes(ana, at), **member), f"{at}/callback")
    await ana.post_form(f"{at}/callback", hidden(offer.text) | {"name": ""})
    assert await ana.account() is not None
    gone = closed.approves(await goes(desk, at), email="ana@mail.example", email_verified=True)
    refused(await comes_back(desk, gone, f"{at}/callback"), "Only people of")
    assert await desk.account() is None


@pytest.mark.parametrize(
    ("who_may", "guest", "passkey", "by_provider"),
    [
        ("accounts", False, True, True),
        ("providers", False, False, True),
    ],
)
async def test_who_may_start_conversations(
    own_config: Config,
    provider: Provider,
    who_may: str,
    guest: bool,
    passkey: bool,
    by_provider: bool,
) -> None:
    app = create_app(replace(own_config, who_may_start=who_may))
    async with app.test_app():
        people = [Browser(app) for _ in range(3)]
        await people[1].adds()
        await begins(people[2], provider)
        for who, may in zip(people, (guest, passkey, by_provider), strict=True):
            reply = await who.call("POST", "/api/conversations/create", {"title": "Tea"})
            assert (reply.status == 201) is may, reply.text
            assert may or reply.body["code"] == "account_required"
            page = await who.http.get("/")
            text = await page.get_data(True)
            assert ("Start a conversation</button>" in text) is may
            assert ("can start conversations here" in text) is not may


# --- whoever comes back wrong ---


async def test_a_page_between_changes_nothing_and_shows_no_words_of_others(
    ana: Browser, provider: Provider
) -> None:
    sent = provider.approves(await goes(ana))
    for _ in range(3):  # however often it is looked at
        page = await looks(ana, sent)
        assert page.status == 200
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    assert "/token" not in provider.asked
    words = "Call 555-0100 at once"
    for error in ("access_denied", "server_error", words, "<script>"):
        reply = await looks(ana, {"error": error, "error_description": words, "state": "x"})
        refused(reply, "Example")
        assert words not in reply.text
        assert "<script>" not in reply.text
    assert (await comes_back(ana, sent)).status == 200  # it is good still


async def test_what_was_used_is_good_no_more(
    ana: Browser, desk: Browser, provider: Provider
) -> None:
    await begins(ana, provider)
    sent = provider.approves(await goes(desk))
    page = await looks(desk, sent)
    assert (await desk.post_form(BACK, hidden(page.text))).status == 303
    for reply in (await looks(desk, sent), await desk.post_form(BACK, sent)):
        refused(reply, "didn't begin in this browser, took too long, or was used")


async def test_of_two_answers_at_once_one_counts(
    ana: Browser, desk: Browser, provider: Provider
) -> None:
    await begins(ana, provider)
    sent = provider.approves(await goes(desk))
    replies = await asyncio.gather(*(desk.post_form(BACK, sent) for _ in range(5)))
    assert sorted(reply.status for reply in replies) == [303, 403, 403, 403, 403]


async def test_of_two_who_start_an_account_at_once_one_does(
    ana: Browser, desk: Browser, provider: Provider
) -> None:
    both = [(who, hidden((await signs_in(who, provider)).text)) for who in (ana, desk)]
    replies = await asyncio.gather(
        *(who.post_form(BACK, offer | {"name": "Ana"}) for who, offer in both)
    )
    assert sorted(reply.status for reply in replies) == [303, 403]


async def test_a_wrong_code_uses_up_the_state(ana: Browser, provider: Provider) -> None:
    sent = provider.approves(await goes(ana))
    refused(await ana.post_form(BACK, sent | {"code": "guessed"}), "didn't confirm who you are")
    refused(await ana.post_form(BACK, sent), "didn't begin in this browser")


async def test_another_browsers_way_back_leads_nowhere(
    ana: Browser, app: Parley, provider: Provider
) -> None:
    """Login CSRF: somebody is to be signed in as Mallory, without knowing."""
    mallory = Browser(app)
    await begins(mallory, provider, "mallory")
    thief = Browser(app)
    sent = provider.approves(await goes(thief), "mallory")
    refused(await looks(ana, sent), "didn't begin in this browser")
    refused(await ana.post_form(BACK, sent), "didn't begin in this browser")
    await goes(ana)  # with a way of her own she is no better off
    refused(await looks(ana, sent), "didn't begin in this browser")
    refused(await ana.post_form(BACK, sent), "didn't begin in this browser")
    assert await ana.account() is None


async def test_a_code_that_was_stolen_is_of_no_use_in_another_browser(
    ana: Browser, app: Parley, provider: Provider
) -> None:
    await begins(ana, provider)
    stolen = provider.approves(await goes(ana := Browser(app)))["code"]
    mallory = Browser(app)
    own = dict(parse_qsl(urlsplit(await goes(mallory)).query))
    refused(
        await mallory.post_form(BACK, {"code": stolen, "state": own["state"], "iss": provider.url}),
        "didn't confirm who you are",
    )
    assert await mallory.account() is None
    assert await ana.account() is None


async def test_forms_of_other_sites_start_and_finish_nothing(
    ana: Browser, provider: Provider
) -> None:
    for origin in (FOREIGN, "null"):
        reply = await ana.post_form(AT, {}, origin=origin)
        assert reply.status == 403, origin
        assert GONE_COOKIE not in str(reply.headers)
    plain = await ana.http.post(AT, headers={"Sec-Fetch-Site": "cross-site"})
    assert plain.status_code == 403
    # A program has no cookies to keep: it has calls of its own.
    assert (await ana.post_form(AT, {}, origin=None)).status == 403
    sent = provider.approves(await goes(ana))
    assert (await ana.post_form(BACK, sent, origin=FOREIGN)).status == 403
    assert (await comes_back(ana, sent)).status == 200


async def test_a_get_starts_nothing(ana: Browser) -> None:
    assert (await ana.http.get(AT)).status_code in (404, 405)


async def test_a_session_that_changed_meanwhile_gets_nothing(
    ana: Browser, provider: Provider
) -> None:
    sent = provider.approves(await goes(ana))
    await ana.starts("Tea")
    ana.token = None
    refused(await ana.post_form(BACK, sent), "didn't begin in this browser")


async def test_what_takes_too_long_is_over(
    ana: Browser, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = provider.approves(await goes(ana))
    site, at = web_site(ana.app), now() + openid.VALID_FOR
    monkeypatch.setattr(site, "context", replace(site.context, clock=lambda: at))
    refused(await looks(ana, sent), "took too long")
    refused(await ana.post_form(BACK, sent), "took too long")


async def test_one_provider_does_not_pass_for_another(
    ana: Browser, provider: Provider, other: Provider
) -> None:
    """Mix-up: what one began, another ends."""
    sent = provider.approves(await goes(ana))
    refused(await ana.post_form("/account/providers/other/callback", sent), "didn't begin")
    # At its own place, but by its own word from somebody else.
    sent = provider.approves(await goes(ana)) | {"iss": other.url}
    refused(await comes_back(ana, sent), "didn't confirm who you are")
    assert "/token" not in other.asked + provider.asked
    # The same subject is somebody else at another provider.
    await begins(ana, provider, "ana")
    guest = Browser(ana.app)
    at = "/account/providers/other"
    offer = await comes_back(guest, other.approves(await goes(guest, at), "ana"), f"{at}/callback")
    assert "Start an account?" in offer.text


async def test_the_offer_of_an_account_is_for_whom_it_was_made(
    ana: Browser, app: Parley, provider: Provider
) -> None:
    offer = hidden((await signs_in(ana, provider)).text)
    refused(await Browser(app).post_form(BACK, offer), "didn't begin")
    refused(await ana.post_form(BACK, offer), "didn't begin")  # it is used up by that
    offer = hidden((await signs_in(ana, provider)).text)
    assert (await ana.post_form(BACK, offer | {"name": "x" * 65})).status == 413
    assert (await ana.post_form(BACK, offer | {"name": "Ana"})).status == 303
    refused(await ana.post_form(BACK, offer), "didn't begin")


async def test_a_state_that_nobody_proved_starts_no_account(
    ana: Browser, provider: Provider
) -> None:
    state = provider.approves(await goes(ana))["state"]
    refused(await ana.post_form(BACK, {"start": state, "name": "Ana"}), "didn't begin")
    assert await ana.account() is None


@together(
    "query",
    [
        "",
        "code=x",
        "state=x",
        "code=&state=x",
        f"code={'x' * 5_000}&state=x",
        f"code=x&state={'x' * 200}",
        f"code=x&state=x&iss={'x' * 3_000}",
        "code=x&code=y&state=z",
        "code=x&state=y&state=z",
        "code=x&state=%00",
        "code=%ff%fe&state=%ff",
        "code=x&state=" + quote("ü\ud800", errors="surrogatepass"),
    ],
)
async def test_what_is_malformed_is_told_and_does_nothing(ana: Browser, query: str) -> None:
    await goes(ana)
    reply = await ana.http.get(f"{BACK}?{query}")
    assert reply.status_code in (400, 403, 413), query


async def test_an_unknown_provider_is_told_so(ana: Browser) -> None:
    for path in ("/account/providers/nobody", "/account/providers/nobody/callback"):
        refused(await ana.post_form(path, {"code": "x", "state": "y"}), "no such provider", 404)
    assert (await ana.http.get("/account/providers/nobody/callback")).status_code == 404


async def test_nobody_is_led_elsewhere(ana: Browser, provider: Provider) -> None:
    await begins(ana, provider)
    page = await ana.http.get(f"/account?done={FOREIGN}&next={FOREIGN}")
    assert FOREIGN not in await page.get_data(True)
    guest = Browser(ana.app)
    url = await goes(guest, next=FOREIGN, redirect_uri=FOREIGN, url=FOREIGN)
    assert FOREIGN not in url
    sent = provider.approves(url)
    page_back = await looks(guest, sent | {"redirect_uri": FOREIGN, "next": FOREIGN})
    assert FOREIGN not in page_back.text
    reply = await guest.post_form(BACK, sent | {"redirect_uri": FOREIGN, "next": FOREIGN})
    assert reply.headers["Location"] == "/account?done=signed-in"


async def test_a_token_that_lies_signs_nobody_in(
    ana: Browser, desk: Browser, provider: Provider
) -> None:
    await begins(ana, provider)
    forges: list[Callable[..., str]] = [
        lambda key, claims: honest(key, claims | {"aud": "another"}),
        lambda key, claims: honest(key, claims | {"nonce": "another"}),
        lambda key, claims: honest(key, claims | {"iss": "https://mallory.example"}),
        lambda key, claims: honest(key, claims)[:-8] + "AAAAAAAA",
    ]
    for forge in forges:
        sent = provider.approves(await goes(desk), forge=forge)
        refused(await comes_back(desk, sent), "Example didn't confirm who you are")
    assert await desk.account() is None


async def test_a_provider_that_is_down_is_told_and_other_ways_stay(
    own_app: Parley, provider: Provider
) -> None:
    ana = Browser(own_app)

    async def broken(_request: Any) -> Any:
        raise RuntimeError

    provider.answers = {"/.well-known/openid-configuration": broken}
    reply = await ana.post_form(AT, {})
    refused(reply, "Example doesn't answer as it should", 503)
    assert reply.headers["Retry-After"]
    assert "Sign in with a code" in reply.text
    assert GONE_COOKIE not in str(reply.headers)


async def test_nothing_secret_is_logged(ana: Browser, provider: Provider) -> None:
    tokens: list[str] = []

    def lies(key: Key, claims: Claims) -> str:
        tokens.append(honest(key, claims | {"aud": "another"}))
        return tokens[-1]

    secret_words = [SECRET]
    with capture_logs() as log:
        for forge in (lies, honest):
            sent = provider.approves(await goes(ana), forge=forge)
            await comes_back(ana, sent)
            secret_words += [sent["code"], sent["state"]]
    logged = repr(log)
    assert "provider_answer_refused" in logged
    for secret in (*secret_words, *tokens):
        assert secret not in logged


# --- the cookie ---


async def test_the_cookie_is_for_this_alone(ana: Browser, provider: Provider) -> None:
    reply = await ana.post_form(AT, {})
    [cookie] = [each for each in reply.headers.getlist("Set-Cookie") if GONE_COOKIE in each]
    said = cookie.lower()
    assert "httponly" in said
    assert "samesite=lax" in said
    assert "max-age=600" in said
    secret = cookie.partition("=")[2].partition(";")[0]
    # Nobody is signed in by it, and nothing in the address tells it.
    assert await ana.account() is None
    assert secret not in reply.text
    [href] = re.findall(r'id="go-on" href="([^"]+)"', reply.text)
    done = await comes_back(ana, provider.approves(unescape(str(href))))
    done = await ana.post_form(BACK, hidden(done.text) | {"name": ""})
    assert any(
        GONE_COOKIE in each and "max-age=0" in each.lower()
        for each in done.headers.getlist("Set-Cookie")
    )


@pytest.mark.parametrize(
    ("public_url", "name"),
    [
        ("https://localhost", f"__Host-{GONE_COOKIE}"),
        ("https://localhost/talk", f"__Secure-{GONE_COOKIE}~talk"),
    ],
)
async def test_over_https_no_other_host_can_plant_it(
    own_config: Config, provider: Provider, public_url: str, name: str
) -> None:
    app = create_app(replace(own_config, public_url=public_url))
    async with app.test_app():
        who = Caller(app, "Ana", cookies=True)
        root = urlsplit(public_url).path
        reply = await who.post_form(f"{root}{AT}", {}, origin="https://localhost")
        assert reply.status == 200, reply.text
        [cookie] = [each for each in reply.headers.getlist("Set-Cookie") if GONE_COOKIE in each]
        assert cookie.startswith(f"{name}=")
        assert "; secure" in cookie.lower()
        [href] = re.findall(r'id="go-on" href="([^"]+)"', reply.text)
        asked = dict(parse_qsl(urlsplit(unescape(str(href))).query))
        assert asked["redirect_uri"] == f"{public_url}{BACK}"


async def test_under_a_path_all_of_it_works(own_config: Config, provider: Provider) -> None:
    app = create_app(replace(own_config, public_url="http://localhost/talk"))
    async with app.test_app():
        ana, root = Browser(app), "/talk"
        url = await goes(ana, f"{root}{AT}")
        page = await looks(ana, provider.approves(url), f"{root}{BACK}")
        assert f'action="{root}{BACK}"' in page.text
        offer = await ana.post_form(f"{root}{BACK}", hidden(page.text))
        assert f'action="{root}{BACK}"' in offer.text
        reply = await ana.post_form(f"{root}{BACK}", hidden(offer.text) | {"name": ""})
        assert reply.headers["Location"] == "/talk/account?done=kept"


async def test_by_another_name_nobody_could_come_back(own_config: Config) -> None:
    app = create_app(replace(own_config, public_url="http://talk.example", hosts=("localhost",)))
    async with app.test_app():
        reply = await Browser(app).post_form(AT, {})
        refused(reply, "works only at http://talk.example", 400)


# --- programs ---


async def test_a_program_signs_in_and_starts_an_account(app: Parley, provider: Provider) -> None:
    new, again = Caller(app, "Ana"), Caller(app, "Ana")
    asked = (await new.call("POST", REST)).body
    sent = provider.approves(asked["url"]) | {"secret": asked["secret"]}
    unknown = await new.call("POST", f"{REST}/sign-in", sent)
    assert (unknown.status, unknown.body["code"]) == (409, "sign_in_unknown")
    start = {"state": sent["state"], "secret": asked["secret"], "name": "Ana"}
    started = await new.call("POST", f"{REST}/start", start)
    assert started.status == 201
    asked = (await again.call("POST", REST)).body
    sent = provider.approves(asked["url"]) | {"secret": asked["secret"]}
    signed_in = await again.call("POST", f"{REST}/sign-in", sent)
    assert signed_in.status == 200
    again.token = signed_in.body["token"]
    account = (await again.call("GET", "/api/account")).body["account"]
    assert account["name"] == "Ana"


async def test_a_program_without_its_secret_gets_nothing(app: Parley, provider: Provider) -> None:
    new = Caller(app, "Ana")
    for secret in ("", "guessed", None):
        asked = (await new.call("POST", REST)).body
        sent: dict[str, Any] = {**provider.approves(asked["url"])}
        if secret is not None:
            sent["secret"] = secret
        reply = await new.call("POST", f"{REST}/sign-in", sent)
        assert reply.body["code"] == "sign_in_failed"


async def test_adding_one_takes_an_account_that_was_confirmed(
    ana: Browser, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = {"purpose": "add"}
    assert (await ana.call("POST", REST, add)).body["code"] == "account_required"
    await begins(ana, provider)
    monkeypatch.setattr(accounts, "CONFIRMED_FOR", timedelta(0))
    assert (await ana.call("POST", REST, add)).body["code"] == "confirmation_required"
    [identity] = await identities(ana)
    reply = await ana.call("DELETE", f"/api/account/identities/{identity['id']}")
    assert reply.body["code"] == "confirmation_required"


async def test_an_account_has_only_so_many(
    ana: Browser, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openid, "IDENTITIES_MAX", 1)
    await begins(ana, provider)
    reply = await ana.call("POST", REST, {"purpose": "add"})
    assert reply.body["code"] == "bad_request"


async def test_which_providers_there_are_is_told(app: Parley, provider: Provider) -> None:
    reply = await Caller(app, "Ana").call("GET", "/api/account")
    assert reply.body["providers"] == [
        {"id": "example", "name": "Example"},
        {"id": "other", "name": "Other"},
        {"id": "closed", "name": "Closed"},
    ]
    assert provider.asked == []  # nobody asked them for that
