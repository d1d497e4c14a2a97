"""One provider, asked who somebody is: honest, slow, down, hostile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from aiohttp import web

from parley.oidc.client import GOOGLE, Asking, Client, Identity, domain_of
from parley.oidc.discovery import FAILED_KEPT_S, KEPT_S, KEYS_AGAIN_S, Metadata, Unreachable
from parley.oidc.tokens import Claims, Untrue
from tests.cases import together
from tests.effort import some
from tests.oidc.provider import (
    CLIENT_ID,
    Key,
    Provider,
    honest,
    serving,
    token,
    with_public_key_as_secret,
)
from tests.push.service import certificates

BACK = "https://talk.example.org/account/providers/example/callback"
ASKING = Asking("the state", "the nonce", "v" * 43, BACK)
DISCOVERY, KEYS, TOKEN = "/.well-known/openid-configuration", "/keys", "/token"


class Clock:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with serving() as started:
        yield started


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(provider: Provider, clock: Clock) -> AsyncIterator[Client]:
    made = Client(provider.row(), elapsed=clock, within_s=60.0)
    yield made
    await made.close()


async def identified(
    client: Client, provider: Provider, *, asking: Asking = ASKING, **more: Any
) -> Identity:
    """Somebody goes and comes back."""
    sent = provider.approves(await client.authorization_url(ASKING), **more)
    return await comes_back(client, sent, asking)


async def comes_back(client: Client, sent: dict[str, str], asking: Asking = ASKING) -> Identity:
    return await client.identify(
        sent["code"], asking, said_issuer=sent.get("iss"), now_s=time.time()
    )


async def test_who_comes_back_is_who_the_provider_says(client: Client, provider: Provider) -> None:
    found = await identified(client, provider, name="Ana", auth_time=7)
    assert found == Identity(provider.url, "ana", "Ana", "", 7.0)


async def test_the_address_to_go_to_has_all_that_is_needed(
    client: Client, provider: Provider
) -> None:
    provider.metadata["authorization_endpoint"] = f"{provider.url}/authorize?tenant=7&state=old"
    url = await client.authorization_url(ASKING, once_more=True)
    given = parse_qsl(urlsplit(url).query)
    assert len(dict(given)) == len(given)
    assert dict(given) == {
        "tenant": "7",
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": BACK,
        "scope": "openid profile",
        "state": "the state",
        "nonce": "the nonce",
        # RFC 7636, by its own tool: SHA-256 of forty-three letters v.
        "code_challenge": "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM",
        "code_challenge_method": "S256",
        "prompt": "login",
        "max_age": "0",
    }


async def test_a_code_is_good_for_who_asked_and_once(client: Client, provider: Provider) -> None:
    url = await client.authorization_url(ASKING)
    other = Asking("the state", "the nonce", "w" * 43, BACK)
    with pytest.raises(Untrue, match="code"):
        await comes_back(client, provider.approves(url), other)
    elsewhere = Asking("the state", "the nonce", "v" * 43, f"{BACK}/x")
    with pytest.raises(Untrue, match="code"):
        await comes_back(client, provider.approves(url), elsewhere)
    sent = provider.approves(url)
    assert (await comes_back(client, sent)).subject == "ana"
    with pytest.raises(Untrue, match="code"):
        await comes_back(client, sent)


@together(
    "forge",
    [with_public_key_as_secret, lambda key, claims: token({"alg": "none"}, claims, lambda _: b"")],
)
async def test_a_token_by_a_shared_secret_or_by_none_is_refused(
    client: Client, provider: Provider, forge: Any
) -> None:
    # Even where the provider says that it signs so.
    provider.metadata["id_token_signing_alg_values_supported"] = ["none", "HS256", "RS256"]
    with pytest.raises(Untrue, match="algorithm"):
        await identified(client, provider, forge=forge)


async def test_another_nonce_is_another_request(client: Client, provider: Provider) -> None:
    other = Asking("the state", "another", "v" * 43, BACK)
    with pytest.raises(Untrue, match="another request"):
        await identified(client, provider, asking=other)


# --- mixed up with another provider ---


async def test_who_is_sent_back_by_another_provider_is_refused(
    client: Client, provider: Provider
) -> None:
    url = await client.authorization_url(ASKING)
    for iss in ("https://mallory.example", f"{provider.url}/", ""):
        sent = provider.approves(url) | {"iss": iss}
        with pytest.raises(Untrue, match="sent back by another"):
            await comes_back(client, sent)
    sent = provider.approves(url)
    del sent["iss"]  # it says that it always has it
    with pytest.raises(Untrue, match="sent back by another"):
        await comes_back(client, sent)
    assert TOKEN not in provider.asked  # the code of one is shown to no other


async def test_a_provider_that_never_says_its_name_is_fine(provider: Provider) -> None:
    provider.says_issuer = False
    client = provider.client()
    assert (await identified(client, provider)).subject == "ana"
    url = await client.authorization_url(ASKING)
    sent = provider.approves(url) | {"iss": "https://mallory.example"}
    with pytest.raises(Untrue):
        await comes_back(client, sent)
    await client.close()


async def test_a_discovery_document_of_another_is_refused(
    client: Client, provider: Provider
) -> None:
    provider.metadata["issuer"] = "https://mallory.example"
    with pytest.raises(Unreachable, match="another issuer"):
        await client.authorization_url(ASKING)


@together(
    ("name", "address"),
    [
        ("token_endpoint", "https://192.168.1.1/token"),
        ("jwks_uri", "https://169.254.169.254/latest/meta-data"),
        ("token_endpoint", "http://id.example.org/token"),
        ("jwks_uri", "file:///etc/passwd"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("authorization_endpoint", "http://id.example.org/authorize"),
        ("userinfo_endpoint", "https://user:pass@id.example.org/"),
    ],
)
async def test_a_provider_leads_us_nowhere_else(
    client: Client, provider: Provider, clock: Clock, name: str, address: str
) -> None:
    clock.now_s += KEPT_S  # nothing of before is kept
    provider.metadata = {name: address}
    with pytest.raises(Unreachable, match="its address"):
        await client.authorization_url(ASKING)


async def test_a_provider_in_a_network_of_ones_own_has_to_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates(tmp_path)))
    async with serving(tls=tmp_path) as provider:
        stranger = provider.client()
        with pytest.raises(Unreachable, match="port 443"):
            await stranger.authorization_url(ASKING)
        await stranger.close()
        elsewhere = provider.client(networks=(ip_network("10.0.0.0/8"),))
        with pytest.raises(Unreachable, match="not a public address"):
            await elsewhere.authorization_url(ASKING)
        await elsewhere.close()
        assert provider.asked == []
        client = provider.client(networks=(ip_network("127.0.0.0/8"), ip_network("::1")))
        assert (await identified(client, provider)).subject == "ana"
        await client.close()


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    certificates(tmp_path)
    async with serving(tls=tmp_path) as provider:
        client = provider.client(networks=(ip_network("127.0.0.0/8"), ip_network("::1")))
        with pytest.raises(Unreachable):
            await client.authorization_url(ASKING)
        await client.close()
        assert provider.asked == []


async def test_google_is_asked_in_its_own_words(provider: Provider) -> None:
    client = provider.client(issuer=GOOGLE)

    async def about() -> Metadata:
        return msgspec.convert(provider.about(), Metadata)

    client.discovery.metadata = about  # type: ignore[method-assign]
    url = await client.authorization_url(ASKING, once_more=True)
    assert dict(parse_qsl(urlsplit(url).query))["prompt"] == "select_account"
    await client.close()


# --- who we are to it ---


async def test_the_secret_goes_into_the_form_where_the_provider_wants_it_there(
    client: Client, provider: Provider
) -> None:
    provider.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    assert (await identified(client, provider)).subject == "ana"


async def test_without_a_secret_pkce_alone_protects(provider: Provider) -> None:
    client = provider.client(client_id="public", client_secret="")
    url = await client.authorization_url(ASKING)
    sent = provider.approves(
        url.replace("client_id=public", f"client_id={CLIENT_ID}"), aud="public"
    )
    assert (await comes_back(client, sent)).subject == "ana"
    await client.close()


async def test_a_wrong_secret_is_the_hosts_matter(provider: Provider) -> None:
    client = provider.client(client_secret="wrong")
    with pytest.raises(Unreachable, match="invalid_client"):
        await identified(client, provider)
    await client.close()


# --- keys ---


async def test_a_new_key_is_asked_for_when_it_is_first_seen(
    client: Client, provider: Provider, clock: Clock
) -> None:
    await identified(client, provider)
    clock.now_s += KEYS_AGAIN_S
    provider.keys = [Key("second")]
    assert (await identified(client, provider)).subject == "ana"
    assert provider.asked.count(KEYS) == 2


async def test_unknown_keys_make_nobody_ask_again_and_again(
    client: Client, provider: Provider, clock: Clock
) -> None:
    await identified(client, provider)
    made_up = lambda key, claims: honest(Key("made up"), claims)  # noqa: E731
    clock.now_s += KEYS_AGAIN_S
    for _ in range(5):
        with pytest.raises(Untrue, match="doesn't have"):
            await identified(client, provider, forge=made_up)
    assert provider.asked.count(KEYS) == 2


async def test_a_key_that_is_withdrawn_is_good_for_an_hour_at_most(
    client: Client, provider: Provider, clock: Clock
) -> None:
    await identified(client, provider)
    old, provider.keys = provider.keys[0], [Key("second")]
    clock.now_s += KEPT_S
    with pytest.raises(Untrue):
        await identified(client, provider, forge=lambda _key, claims: honest(old, claims))


async def test_many_at_once_ask_once(client: Client, provider: Provider) -> None:
    urls = await asyncio.gather(*(client.authorization_url(ASKING) for _ in range(20)))
    sent = [provider.approves(url, str(at)) for at, url in enumerate(urls)]
    found = await asyncio.gather(*(comes_back(client, each) for each in sent))
    assert [each.subject for each in found] == [str(at) for at in range(20)]
    assert (provider.asked.count(DISCOVERY), provider.asked.count(KEYS)) == (1, 1)


# --- slow, down, huge ---


async def never(_request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


async def drips(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.01)


async def huge(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * 65_536)


async def packed(_request: web.Request) -> web.Response:
    import zlib

    body = zlib.compress(b" " * 50_000_000)
    return web.Response(body=body, headers={"Content-Encoding": "deflate"})


async def broken(_request: web.Request) -> web.Response:
    return web.Response(status=503, text="{}")


async def no_json(_request: web.Request) -> web.Response:
    return web.Response(text="<!doctype html>")


async def deep(_request: web.Request) -> web.Response:
    return web.Response(text="[" * 50_000)


async def wrong_types(_request: web.Request) -> web.Response:
    return web.json_response({"issuer": 7, "keys": {}, "id_token": []})


def leads_to(provider: Provider) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def redirect(_request: web.Request) -> web.Response:
        raise web.HTTPFound(f"{provider.url}/elsewhere")

    return redirect


@pytest.mark.parametrize(
    "path", some([TOKEN, DISCOVERY, KEYS], every=3, why="one tells most of it")
)
async def test_whatever_is_wrong_with_an_answer_ends_soon(provider: Provider, path: str) -> None:
    bad = [never, drips, huge, packed, broken, no_json, deep, wrong_types, leads_to(provider)]
    for answer in bad:
        provider.answers = {path: answer}
        client = Client(provider.row(), within_s=0.3 if answer in (never, drips) else 60.0)
        with pytest.raises((Unreachable, Untrue)):
            async with asyncio.timeout(120):
                await identified(client, provider)
        await client.close()
    assert "/elsewhere" not in provider.asked


async def test_what_is_down_is_not_asked_again_at_once(
    client: Client, provider: Provider, clock: Clock
) -> None:
    provider.answers = {DISCOVERY: broken}
    for _ in range(5):
        with pytest.raises(Unreachable, match="503"):
            await client.authorization_url(ASKING)
    assert provider.asked.count(DISCOVERY) == 1
    provider.answers = {}
    clock.now_s += FAILED_KEPT_S
    assert await client.authorization_url(ASKING)


async def test_nobody_listens(provider: Provider) -> None:
    client = provider.client(issuer="http://127.0.0.1:9")
    with pytest.raises(Unreachable):
        await client.authorization_url(ASKING)
    await client.close()


# --- what a provider says elsewhere than in the token ---


async def test_a_name_and_a_domain_may_stand_in_the_userinfo(provider: Provider) -> None:
    provider.userinfo = {
        "sub": "ana",
        "name": "Ana",
        "email": "ana@Example.org",
        "email_verified": True,
    }
    client = provider.client(domains=("example.org",))
    found = await identified(client, provider)
    assert (found.name, found.domain) == ("Ana", "example.org")
    provider.userinfo["sub"] = "ben"
    with pytest.raises(Untrue, match="somebody else"):
        await identified(client, provider)
    await client.close()


async def test_without_a_name_it_works_all_the_same(client: Client, provider: Provider) -> None:
    provider.userinfo, provider.answers = {}, {"/userinfo": broken}
    assert (await identified(client, provider)).name == ""


@together(
    ("claims", "domain"),
    [
        ({"email": "ana@example.org", "email_verified": True}, "example.org"),
        ({"email": "ana@EXAMPLE.org", "email_verified": True}, "example.org"),
        ({"email": "ana@example.org"}, ""),
        ({"email": "ana@example.org", "email_verified": False}, ""),
        ({"email": "ana@example.org", "email_verified": "true"}, ""),
        ({"email": "ana@mallory.example@example.org", "email_verified": True}, ""),
        ({"email": 7, "email_verified": True}, ""),
        ({"email_verified": True}, ""),
        ({"hd": "Example.org"}, "example.org"),
        (
            {"hd": "other.example", "email": "ana@example.org", "email_verified": True},
            "other.example",
        ),
        ({"hd": ["example.org"]}, ""),
        # Anybody can have an account there that is called like an address elsewhere.
        ({"iss": GOOGLE, "email": "ana@example.org", "email_verified": True}, ""),
        ({"iss": GOOGLE, "hd": "example.org"}, "example.org"),
        ({}, ""),
    ],
)
def test_whose_people_they_are_is_proven_or_unknown(claims: dict[str, Any], domain: str) -> None:
    given = {"iss": "https://id.example.org", "sub": "ana", "aud": CLIENT_ID, "exp": 1.0}
    assert domain_of(Claims(**{**given, "iat": 1.0, "nonce": "x", **claims})) == domain
