"""Forms of a browser that does not say where they come from: sealed, or refused."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from http.cookies import SimpleCookie

import aiohttp
import pytest
import pytest_asyncio

from parley.config import Config
from parley.credentials import COOKIE, FORM_COOKIE
from tests import databases, lasting
from tests.cases import together
from tests.servers import Running, running

pytestmark = lasting.in_one_loop
config, server = lasting.config, lasting.server

_FIELD = re.compile(r'<input type="hidden" name="page" value="([\w-]{43})">')
SAME = {"Sec-Fetch-Site": "same-origin"}
TOO_OLD = "That page was out of date"
NOT_FROM_THERE = "Request blocked"


@dataclass
class Answer:
    status: int
    text: str
    cookies: dict[str, str]
    """Those it sets."""

    @property
    def seals(self) -> set[str]:
        return set(_FIELD.findall(self.text))

    @property
    def seal(self) -> str:
        (seal,) = self.seals
        return seal


class Browser:
    """One that keeps cookies, and says of itself only what a test has it say."""

    def __init__(self, http: aiohttp.ClientSession, url: str, **usual: str) -> None:
        self._http = http
        self._url = url
        self.usual = usual
        self.cookies: dict[str, str] = {}

    async def get(self, path: str, **headers: str) -> Answer:
        return await self._ask("GET", path, None, headers)

    async def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form, as browsers do under our Referrer-Policy."""
        return await self._ask("POST", path, fields, {"Origin": "null", **headers})

    async def starts(self, title: str = "Tea") -> str:
        """Start a conversation by the form of the home page; the path it leads to."""
        page = await self.get("/")
        answer = await self.post("/conversations", {"title": title, "page": page.seal})
        assert answer.status == 303, answer
        return answer.text

    async def _ask(
        self, method: str, path: str, fields: dict[str, str] | None, headers: dict[str, str]
    ) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items() if value}
        if self.cookies:
            named["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        async with self._http.request(
            method,
            self._url + path,
            data=fields,
            headers={**self.usual, **named},
            allow_redirects=False,
        ) as reply:
            made = SimpleCookie()
            for line in reply.headers.getall("Set-Cookie", []):
                made.load(line)
            new = {name: cookie.value for name, cookie in made.items()}
            self.cookies |= new
            text = reply.headers.get("Location", "").partition("#")[0] or await reply.text()
            return Answer(reply.status, text, new)


Come = Callable[..., Browser]


@pytest_asyncio.fixture(loop_scope="module")
async def come(server: Running) -> AsyncIterator[Come]:
    """Brings browsers, each with cookies of its own."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield lambda **usual: Browser(http, server.url, **usual)


async def test_a_sealed_form_starts_joins_posts_and_ends(come: Come) -> None:
    ada = come()
    path = await ada.starts()
    for action, fields in (
        ("join", {"username": "Ada"}),
        ("messages", {"message": "From a form"}),
    ):
        seal = (await ada.get(path)).seal
        assert (await ada.post(f"{path}/{action}", {**fields, "page": seal})).status == 303
    page = await ada.get(path)
    assert "From a form" in page.text
    assert 'data-owner="yes"' in page.text
    asked = await ada.get(f"{path}/end")
    assert (await ada.post(f"{path}/end", {"page": asked.seal})).status == 303
    assert 'data-active="no"' in (await ada.get(path)).text


async def test_a_browser_that_says_where_a_form_comes_from_needs_no_seal_and_no_cookie(
    come: Come,
) -> None:
    ada = come(**SAME)
    page = await ada.get("/")
    assert not page.seals
    assert not page.cookies
    answer = await ada.post("/conversations", {"title": "Tea"})
    assert answer.status == 303
    assert set(answer.cookies) == {COOKIE}


async def test_a_reader_without_a_session_gets_a_cookie_for_forms_alone(come: Come) -> None:
    page = await come().get("/")
    assert set(page.cookies) == {FORM_COOKIE}


@pytest.mark.parametrize("action", ["join", "leave", "messages", "messages/none/reactions", "end"])
@together("seal", ["", "forged", "another browser's", "of the time before"])
async def test_a_form_without_its_own_seal_does_nothing(come: Come, action: str, seal: str) -> None:
    ada, mallory = come(), come()
    before = (await ada.get("/")).seal
    path = await ada.starts()
    mallory.cookies[FORM_COOKIE] = ada.cookies[FORM_COOKIE]  # as if she had planted it
    seals = {
        "": "",
        "forged": "A" * 43,
        "another browser's": (await come().get(path)).seal,
        "of the time before": before,
    }
    fields = {"username": "Mallory", "message": "Buy this", "page": seals[seal]}
    answer = await ada.post(f"{path}/{action}", fields)
    assert answer.status == 403
    assert (TOO_OLD if seal else NOT_FROM_THERE) in answer.text
    page = await ada.get(path)
    assert 'data-active="yes"' in page.text
    assert "Mallory" not in page.text
    assert "Buy this" not in page.text


async def test_a_planted_form_cookie_does_not_act_for_a_session(come: Come) -> None:
    ada, mallory = come(), come()
    known = (await mallory.get("/")).seal
    path = await ada.starts()
    ada.cookies[FORM_COOKIE] = mallory.cookies[FORM_COOKIE]
    assert (await ada.post(f"{path}/end", {"page": known})).status == 403
    assert 'data-active="yes"' in (await ada.get(path)).text


async def test_a_seal_does_not_speak_for_a_page_of_another_origin(come: Come) -> None:
    ada = come()
    path = await ada.starts()
    seal = (await ada.get(f"{path}/end")).seal
    for said in (
        {"Origin": "https://mallory.example"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null", "Sec-Fetch-Site": "same-site"},
    ):
        answer = await ada.post(f"{path}/end", {"page": seal}, **said)
        assert (answer.status, NOT_FROM_THERE in answer.text) == (403, True)


async def test_a_seal_is_worth_nothing_on_another_server(
    come: Come, config: Config, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ada = come()
    seal = (await ada.get("/")).seal
    data = tmp_path_factory.mktemp("other")
    elsewhere = replace(config, data=data, database_url=databases.url_of(data))
    async with (
        running(elsewhere) as other,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
    ):
        there = Browser(http, other.url)
        there.cookies = dict(ada.cookies)
        answer = await there.post("/conversations", {"title": "Tea", "page": seal})
    assert answer.status == 403


async def test_a_form_that_is_refused_is_shown_again_with_its_seal(come: Come) -> None:
    ada = come()
    page = await ada.get("/")
    answer = await ada.post("/conversations", {"title": "x" * 201, "page": page.seal})
    assert answer.status == 413
    assert answer.seal == page.seal
    assert not answer.cookies


async def test_what_is_too_large_to_be_a_form_is_told_so(come: Come) -> None:
    answer = await come().post("/conversations", {"title": "x" * 1_000_000})
    assert answer.status == 413
