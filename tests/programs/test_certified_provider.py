"""Signing in with a provider that is certified: it minds what ours and the simple ones let pass."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
import requests

from parley.app import Parley
from parley.config import Config
from parley.oidc.providers import Provider
from tests.cases import together
from tests.oidc.provider import SECRET, with_providers
from tests.passkeys import Browser
from tests.servers import free_port
from tests.transport.test_providers import BACK, comes_back, goes, hidden, refused

HERE = Path(__file__).parent
PACKAGE = HERE / "node_modules" / "oidc-provider"
pytestmark = pytest.mark.skipif(
    not PACKAGE.exists() and os.environ.get("CI") != "true",
    reason="make setup found no npm, or it could not fetch the provider.",
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    port = free_port()
    started = subprocess.Popen(
        ["node", HERE / "provider.mjs", str(port), f"http://localhost{BACK}", SECRET],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert started.stdout is not None
    try:
        assert any("ready" in line for line in started.stdout), "The provider did not start."
        yield f"http://127.0.0.1:{port}"
    finally:
        started.kill()
        started.wait()
        started.stdout.close()


@pytest.fixture
def config(issuer: str, config: Config) -> Config:
    row = Provider("example", "Example", issuer, "parley", SECRET, ("example.org",))
    return with_providers(config, row)


def signs_in_there(url: str, name: str) -> dict[str, str]:
    """What they are sent back with, once they said who they are and agreed."""
    with requests.Session() as browser:
        while not url.startswith(f"http://localhost{BACK}"):
            page = browser.get(url, allow_redirects=False, timeout=60)
            if page.is_redirect:
                url = urljoin(url, page.headers["Location"])
                continue
            assert page.status_code == 200, page.text
            fields = dict(re.findall(r'name="(prompt)" value="(\w+)"', page.text))
            if fields["prompt"] == "login":
                fields |= {"login": name, "password": "any"}
            [action] = re.findall(r'action="([^"]+)" method="post"', page.text)
            at = urljoin(url, unescape(action))
            answer = browser.post(at, data=fields, allow_redirects=False, timeout=60)
            url = urljoin(at, answer.headers["Location"])
    return dict(parse_qsl(urlsplit(url).query))


async def test_who_starts_an_account_signs_in_to_it_and_confirms(app: Parley) -> None:
    ana, desk = Browser(app), Browser(app)
    sent = await asyncio.to_thread(signs_in_there, await goes(ana), "ana")
    offer = await comes_back(ana, sent)
    # It tells names and addresses at its userinfo endpoint alone.
    assert 'value="Ana Ruiz"' in offer.text
    assert (await ana.post_form(BACK, hidden(offer.text) | {"name": "Ana"})).status == 303
    reply = await comes_back(desk, await asyncio.to_thread(signs_in_there, await goes(desk), "ana"))
    assert reply.headers["Location"] == "/account?done=signed-in"
    # Where somebody is signed in, it asks them once more, and says when.
    reply = await comes_back(desk, await asyncio.to_thread(signs_in_there, await goes(desk), "ana"))
    assert reply.headers["Location"] == "/account?done=confirmed"


@together("name", ["ben", "cleo"])
async def test_who_is_of_another_domain_is_told_so(app: Parley, name: str) -> None:
    who = Browser(app)
    sent = await asyncio.to_thread(signs_in_there, await goes(who), name)
    refused(await comes_back(who, sent), "Only people of example.org")


async def test_a_code_is_good_once_and_for_the_browser_that_asked(app: Parley) -> None:
    ana, mallory = Browser(app), Browser(app)
    sent = await asyncio.to_thread(signs_in_there, await goes(ana), "ana")
    own = dict(parse_qsl(urlsplit(await goes(mallory)).query))
    stolen = sent | {"state": own["state"]}
    refused(await mallory.post_form(BACK, stolen), "didn't confirm who you are")
    assert await mallory.account() is None
