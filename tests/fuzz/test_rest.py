"""Any request whatever: it is answered as the contract says, and a refused one stores nothing."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parley import contract
from parley.app import Parley
from parley.config import Config
from tests.fuzz.effort import examples
from tests.fuzz.values import JSON, NOT_JSON, TEXT, as_json, nearly
from tests.fuzz.world import what_is_stored
from tests.mail.postbox import with_mail

Headers = list[tuple[bytes, bytes]]
REFUSED_FROM = 400


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    call: str = ""
    """The call of the contract that it resembles."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


@dataclass
class Home:
    """What Ada has: what the requests of strangers aim at."""

    room_id: str
    ended_id: str
    token: str


@pytest.fixture
def config(config: Config) -> Config:
    """With all the calls there are."""
    return with_mail(config)


@pytest.fixture
async def homes(app: Parley) -> list[Home]:
    """The last is where Ada lives now."""
    return [await at_home(app)]


async def ask(app: Parley, request: Request) -> Answer:
    """The request as a server hands it over, which takes what no client library would send."""
    sent: list[dict[str, Any]] = []
    incoming = [{"type": "http.request", "body": request.body, "more_body": False}]
    is_answered = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if incoming:
            return incoming.pop()
        await is_answered.wait()  # nobody hangs up before
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        is_body = message["type"] == "http.response.body"
        if (is_body and not message.get("more_body", False)) or has_no_end(sent[0]):
            is_answered.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(request.path),
        "raw_path": request.path.encode(),
        "query_string": request.query,
        "root_path": "",
        "headers": list(request.headers),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "extensions": {},
        "state": {},
    }
    server: Any = app
    await server(scope, receive, send)
    body = b"".join(part.get("body", b"") for part in sent[1:])
    return Answer(sent[0]["status"], body)


def has_no_end(start: dict[str, Any]) -> bool:
    """Whether the answer that begins so are events, which go on until somebody hangs up."""
    return (b"content-type", b"text/event-stream; charset=utf-8") in start["headers"]


async def at_home(app: Parley) -> Home:
    async def create() -> dict[str, Any]:
        answer = await ask(app, Request("POST", "/api/conversations/create", body=b"{}"))
        reply: dict[str, Any] = json.loads(answer.body)
        return reply

    ended, home = await create(), await create()
    path = f"/api/conversations/{ended['room_id']}/end"
    await ask(app, Request("POST", path, headers=(bearer(ended["token"]),)))
    return Home(home["room_id"], ended["room_id"], home["token"])


def bearer(token: str) -> tuple[bytes, bytes]:
    return b"authorization", b"Bearer " + token.encode()


# --- what is sent; HERE, ENDED and TOKEN stand for what Ada has -----------------

HERE, ENDED, TOKEN = "here0000", "ended000", "token000"
METHODS = st.one_of(
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"]),
    st.text("ABCdef-", min_size=1, max_size=8),
)
ROOM_IDS = st.one_of(
    st.just(HERE),
    st.just(HERE),
    st.just(ENDED),
    st.sampled_from(
        ["%00", "..%2f..", "%2e%2e", "%ff%fe", "%ed%a0%80", "a%0d%0ab", "%F0%9F%98%80"]
    ),
    st.binary(max_size=70).map(quote),
)
EMOJI = st.one_of(
    st.sampled_from(["👍", "❤", "❤\ufe0f", "👍👍", "🏽", "\ufe0f", "like"]).map(quote),
    st.binary(max_size=40).map(quote),
)
HEADER_VALUES = st.binary(max_size=40).filter(lambda value: not set(value) & set(b"\r\n\0"))
HEADERS = st.lists(
    st.one_of(
        st.just((b"authorization", b"Bearer " + TOKEN.encode())),
        st.just((b"authorization", b"Bearer " + TOKEN.encode())),
        st.just((b"origin", b"http://localhost")),
        st.just((b"origin", b"http://localhost:3000")),
        st.just((b"origin", b"https://mallory.example")),
        st.just((b"origin", b"http://[")),
        st.just((b"origin", b"null")),
        st.just((b"host", b"[")),
        st.just((b"host", b"a" * 300)),
        st.just((b"content-length", b"999999999999")),
        st.just((b"content-encoding", b"gzip")),
        st.just((b"expect", b"100-continue")),
        st.tuples(
            st.sampled_from(
                [
                    b"authorization",
                    b"origin",
                    b"host",
                    b"cookie",
                    b"content-type",
                    b"accept-encoding",
                    b"accept",
                    b"range",
                    b"if-modified-since",
                    b"sec-fetch-site",
                    b"x-forwarded-host",
                    b"x-forwarded-proto",
                    b"x-forwarded-for",
                    b"x-http-method-override",
                    b"access-control-request-method",
                ]
            ),
            HEADER_VALUES,
        ),
    ),
    max_size=4,
).map(tuple)


def queries(call: contract.Call) -> st.SearchStrategy[bytes]:
    names = [*(parameter.name for parameter in call.parameters), "x", ""]
    values = st.one_of(
        st.sampled_from(["0", "1", "-1", "200", "201", "99999999999999999999", "1e3", "٣", "%00"]),
        st.binary(max_size=20).map(quote),
        TEXT.map(lambda text: quote(text, errors="surrogatepass")),
    )
    pairs = st.tuples(st.sampled_from(names), values).map("=".join)
    return st.one_of(
        st.just(b""),
        st.lists(pairs, max_size=4).map(lambda found: "&".join(found).encode()),
        st.binary(max_size=30),
    )


def bodies(call: contract.Call) -> st.SearchStrategy[bytes]:
    any_json = JSON.map(as_json)
    if call.body is None:
        return st.one_of(st.just(b""), any_json, NOT_JSON)
    near = nearly(call.body).map(as_json)
    return st.one_of(st.just(b""), near, near, near, any_json, NOT_JSON)


def of_call(call: contract.Call) -> st.SearchStrategy[Request]:
    """Requests that resemble one call of the contract."""
    return st.builds(
        Request,
        method=st.one_of(st.just(call.method), st.just(call.method), METHODS),
        path=st.builds(
            lambda room_id, emoji: call.path.replace("{room_id}", room_id).replace(
                "{emoji}", emoji
            ),
            ROOM_IDS,
            EMOJI,
        ),
        query=queries(call),
        headers=HEADERS,
        body=bodies(call),
        call=st.just(call.name),
    )


CALLS = st.sampled_from(sorted(contract.CALLS)).flatmap(lambda name: of_call(contract.CALLS[name]))
ELSEWHERE = st.builds(
    Request,
    method=METHODS,
    path=st.one_of(
        st.binary(max_size=40).map(lambda path: "/api/" + quote(path)),
        st.binary(max_size=40).map(lambda path: "/" + quote(path)),
        st.sampled_from(
            [
                "/",
                "/conversations",
                f"/conversation/{HERE}",
                f"/conversation/{HERE}/join",
                f"/conversation/{HERE}/messages",
                f"/conversation/{HERE}/end",
                f"/conversation/{HERE}/qr.svg",
                "/static/x/../../app.py",
                "/static/x/%2e%2e/app.py",
                "/static//etc/passwd",
                "/openapi.json",
                "/mail",
                "/mail/take-back",
                "/mail/confirm/x",
                "/mail/stop/%00",
                "/favicon.ico",
                "/apple-touch-icon.png",
                "/manifest.webmanifest",
                "/worker.js",
                "/offline",
                "//api//health",
                "/socket.io",
                "/socket.io/x",
            ]
        ),
    ),
    query=st.one_of(st.just(b""), st.binary(max_size=30), st.just(b"before=x&at=-1&cursor=%00")),
    headers=HEADERS,
    body=st.one_of(
        st.binary(max_size=60),
        st.binary(max_size=20).map(lambda text: b"title=" + text + b"&username=" + text),
        st.binary(max_size=20).map(lambda text: b"message=" + text),
    ),
)


def aimed(request: Request, home: Home) -> Request:
    """The same, with what Ada really has."""
    headers = tuple(
        (name, value.replace(TOKEN.encode(), home.token.encode()))
        for name, value in request.headers
    )
    path = request.path.replace(HERE, home.room_id).replace(ENDED, home.ended_id)
    return Request(request.method, path, request.query, headers, request.body, request.call)


def assert_answered(request: Request, answer: Answer) -> None:
    """As the contract says: one shape of errors, one of what went well."""
    assert answer.status < 500, answer
    if request.method.upper() == "HEAD":
        return
    if answer.status >= REFUSED_FROM:
        if request.path.startswith("/api/"):
            error = msgspec.json.decode(answer.body, type=contract.ErrorReply)
            assert answer.status == contract.CODES[error.code].status, answer
            assert error.error
    elif request.call and answer.status == contract.CALLS[request.call].status:
        call = contract.CALLS[request.call]
        if request.method == call.method and not call.is_stream:
            msgspec.json.decode(answer.body, type=call.reply)


@pytest.mark.usefixtures("log")
@examples(200)
@given(request_=CALLS)
@example(request_=Request("GET", "/api/health", headers=((b"host", b"["),)))
@example(request_=Request("POST", "/api/conversations/create", headers=((b"origin", b"http://["),)))
async def test_any_call_is_answered_as_the_contract_says(
    app: Parley, homes: list[Home], request_: Request
) -> None:
    request_ = aimed(request_, homes[-1])
    before = await what_is_stored(app)
    answer = await ask(app, request_)
    assert_answered(request_, answer)
    if answer.status >= REFUSED_FROM or request_.method == "GET":
        assert await what_is_stored(app) == before
    elif request_.path.endswith("/end"):
        homes.append(await at_home(app))


@pytest.mark.usefixtures("log")
@examples(100)
@given(request_=ELSEWHERE)
async def test_any_other_address_is_answered_without_a_fault(
    app: Parley, homes: list[Home], request_: Request
) -> None:
    request_ = aimed(request_, homes[-1])
    before = await what_is_stored(app)
    answer = await ask(app, request_)
    assert_answered(request_, answer)
    if answer.status >= REFUSED_FROM:
        assert await what_is_stored(app) == before
