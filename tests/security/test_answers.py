"""Whoever answers, the app, the gate, Engine.IO, Hypercorn or the opening: errors have one shape,
and whatever is no page can be opened as none."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio

from parley import contract
from parley.config import Config
from parley.pages.worker import POLICY as WORKER_POLICY
from parley.wire import body
from parley.wire.answers import NO_PAGE_POLICY
from tests import lasting
from tests.security import kept
from tests.security.kept import Starts
from tests.servers import Running, running
from tests.wire.test_http import BIG_HEAD, CREATE, HOST, MANY_HEADERS, PREFACE, TWO_LENGTHS
from tests.wire.test_line import UPGRADE, wire

pytestmark = lasting.in_one_loop
servers = kept.servers

SOCKET_IO = "/socket.io/?EIO=4&transport=polling"
OTHER_HOST = "Host: mallory.example\r\n"
FOREIGN = "Origin: https://mallory.example\r\n"
LENGTH = "Content-Length: 4\r\n"
JSON = "Content-Type: application/json\r\n"


def asking(target: str, method: str = "GET", headers: str = HOST, body: str = "") -> str:
    return f"{method} {target} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n{body}"


OF_THE_APP = {
    "a list": (asking("/api/conversations"), 200),
    "how it is": (asking("/api/health"), 200),
    "the description": (asking("/openapi.json"), 200),
    "the description of events": (asking("/asyncapi.json"), 200),
    "the icon": (asking("/favicon.ico"), 200),
    "the icon of phones": (asking("/apple-touch-icon.png"), 200),
    "what is installed": (asking("/manifest.webmanifest"), 200),
    "the worker": (asking("/worker.js"), 200),
    "the client": (asking("/client.js"), 200),
    "the client's types": (asking("/client.d.ts"), 200),
    "no such file": (asking("/static/nothing.js"), 404),
    "robots": (asking("/robots.txt"), 404),
    "no such call": (asking("/api/nothing"), 404),
    "no such conversation": (asking("/api/conversations/nothing"), 404),
    "a call by no such method": (asking("/api/health", "DELETE"), 405),
    "a call by an odd method": (asking("/api/health", "PROPFIND"), 405),
    "a page by no such method": (asking("/conversations", "DELETE"), 405),
    "the description by no such method": (asking("/openapi.json", "DELETE"), 405),
    "a preflight": (asking("/api/conversations/create", "OPTIONS"), 200),
    "no JSON": (f"{CREATE}{JSON}{LENGTH}Connection: close\r\n\r\n{{{{{{{{", 400),
    "too much": (f"{CREATE}{JSON}Content-Length: 9999999\r\nConnection: close\r\n\r\n", 413),
    "a foreign page's call": (f"{CREATE}{FOREIGN}Connection: close\r\n\r\n", 403),
    "another host's call": (asking("/api/conversations", headers=OTHER_HOST), 400),
    "a page": (asking("/conversations"), 200),
    "a page that is none": (asking("/nothing"), 404),
    "another host's page": (asking("/", headers=OTHER_HOST), 400),
}
OF_THE_WIRE = {
    "a poll": (asking(SOCKET_IO), 200),
    "a preflight of a poll": (asking(SOCKET_IO, "OPTIONS"), 200),
    "another host's poll": (asking(SOCKET_IO, headers=OTHER_HOST), 400),
    "a foreign page's poll": (asking(SOCKET_IO, headers=HOST + FOREIGN), 403),
    "an odd poll": (asking(SOCKET_IO, "DELETE"), 400),
    "JSONP": (asking(f"{SOCKET_IO}&j=0"), 400),
    "an old Engine.IO": (asking("/socket.io/?EIO=3&transport=polling"), 400),
    "an unknown transport": (asking("/socket.io/?EIO=4&transport=pigeon"), 400),
    "an unknown session's poll": (asking(f"{SOCKET_IO}&sid=<nobody>"), 400),
    "an unknown session's post": (
        asking(f"{SOCKET_IO}&sid=nobody", "POST", HOST + LENGTH, "2abc"),
        400,
    ),
    "a post of nobody": (asking(SOCKET_IO, "POST", HOST + LENGTH, "2abc"), 400),
    "a post that does not come": (asking(SOCKET_IO, "POST", HOST + LENGTH, "2"), 408),
    "a host that is none": (asking("/", headers="Host: [\r\n"), 400),
    "a WebSocket elsewhere": (UPGRADE.replace("/socket.io/", "/elsewhere/") + "\r\n", 404),
    "another host's WebSocket": (UPGRADE.replace(HOST, OTHER_HOST) + "\r\n", 400),
    "a foreign page's WebSocket": (f"{UPGRADE}{FOREIGN}\r\n", 403),
    "an old WebSocket": (UPGRADE.replace(": 13", ": 8") + "\r\n", 400),
    "an unknown session's WebSocket": (UPGRADE.replace("EIO=4", "EIO=4&sid=nobody") + "\r\n", 400),
}
ENGINE_MEANINGS = {
    0: "Transport unknown",
    1: "Session ID unknown",
    3: "Bad request",
    5: "Unsupported protocol version",
}
"""What Socket.IO's own server calls them, whose clients know these words."""
OF_HYPERCORN = {
    "no HTTP": ("Hello there\r\n\r\n", 400),
    "HTTP/2": (PREFACE, 505),
    "two lengths": (TWO_LENGTHS, 400),
    "a big head": (f"{CREATE}{BIG_HEAD}\r\n", 431),
    "many headers": (f"{CREATE}{MANY_HEADERS}\r\n", 431),
    "many headers of a HEAD": (asking("/", "HEAD", HOST + MANY_HEADERS), 431),
}
EVERY_KIND = OF_THE_APP | OF_THE_WIRE | OF_HYPERCORN


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_page(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/html")


async def answer(server: Running, request: str) -> Answer:
    """What a connection that asks this is told last."""
    async with wire(server) as asking:
        await asking.says(request.encode())
        said = await asking.reads_to_the_end()
    head, _, body = said[said.rindex(b"HTTP/1.1 ") :].partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answer(int(status.split()[1]), headers, body)


def assert_guarded(found: Answer) -> None:
    """Nobody takes it for something else, reads it from elsewhere, or learns from whom it is."""
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["referrer-policy"] == "no-referrer"
    assert found.headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in found.headers
    if found.is_page:
        assert "default-src 'none'" in found.headers["content-security-policy"]
    else:
        assert found.headers["content-security-policy"] in (NO_PAGE_POLICY, WORKER_POLICY)


def assert_told(found: Answer) -> None:
    """An error says in its shape what was wrong, and in the log's words nothing of the request."""
    told = found.json
    assert found.headers["content-type"].startswith("application/json")
    assert told["success"] is False
    assert isinstance(told["error"], str)
    assert told["error"]
    assert "nobody" not in found.body.decode()
    if isinstance(told["code"], str):
        assert told["code"] in {str(code) for code in contract.Code}
    else:  # Engine.IO's own
        assert {**told, "error": ""} == {
            "success": False,
            "error": "",
            "code": told["code"],
            "message": ENGINE_MEANINGS[told["code"]],
        }


@pytest_asyncio.fixture(loop_scope="module", params=["direct", "plain"])
async def either(request: pytest.FixtureRequest, servers: Starts) -> Running:
    return await servers(kept.USUAL, plain=request.param == "plain")


async def test_whatever_is_answered_is_guarded_and_every_error_told(
    either: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "BODY_WITHIN_S", 0.2)
    for name, (request, status) in EVERY_KIND.items():
        found = await answer(either, request)
        assert found.status == status, name
        try:
            assert_guarded(found)
            if found.status >= 400 and not found.is_page and " HEAD" not in f" {request}":
                assert_told(found)
        except (AssertionError, KeyError, ValueError) as error:
            raise AssertionError(f"{name}: {found}") from error


async def test_files_and_drawings_are_guarded(either: Running) -> None:
    page = (await answer(either, asking("/"))).body.decode()
    created = await answer(either, f"{CREATE}Connection: close\r\n\r\n")
    room_id = created.json["room_id"]
    script = page.split('src="')[1].split('"')[0]
    style = page.split('<link rel="stylesheet" href="')[1].split('"')[0]
    for path in (script, style, f"/conversation/{room_id}/qr.svg"):
        found = await answer(either, asking(path))
        assert found.status == 200
        assert not found.is_page
        assert_guarded(found)


async def test_a_redirect_is_guarded(either: Running) -> None:
    form = f"{HOST}Origin: http://127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    found = await answer(
        either, asking("/conversations", "POST", form + "Content-Length: 9\r\n", "title=Tea")
    )
    assert found.status == 303
    assert_guarded(found)


async def test_a_polling_session_that_ended_is_told_so(either: Running) -> None:
    hello = await answer(either, asking(SOCKET_IO))
    sid = hello.body.decode().split('"sid":"')[1].split('"')[0]
    target = f"{SOCKET_IO}&sid={sid}"
    close = asking(target, "POST", f"{HOST}Content-Length: 1\r\n", "1")
    assert (await answer(either, close)).status == 200
    for again in (close, asking(target), close):
        found = await answer(either, again)
        assert found.status == 400
        assert found.json["code"] == 1
        assert found.json["message"] == "Session ID unknown"
        assert_told(found)
        assert_guarded(found)


async def test_a_page_of_an_allowed_origin_reads_why_its_session_is_over(either: Running) -> None:
    origin = "Origin: http://localhost:3000\r\n"
    found = await answer(either, asking(f"{SOCKET_IO}&sid=nobody", headers=HOST + origin))
    assert found.status == 400
    assert found.headers["access-control-allow-origin"] == "http://localhost:3000"


async def test_a_fault_is_told_by_its_code(
    either: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise RuntimeError("nobody is to read this")

    monkeypatch.setattr(either.app.realtime.server, "handle_request", fails)
    found = await answer(either, asking(SOCKET_IO))
    assert found.status == 500
    assert found.json["code"] == "internal"
    assert_told(found)
    assert_guarded(found)


async def test_whoever_is_too_many_is_told(config: Config) -> None:
    for small, status in (
        (replace(config, max_connections_per_address=1), 429),
        (replace(config, max_connections=1), 503),
    ):
        async with running(small) as server, wire(server):
            await answer(server, "")
            found = await answer(server, "")
            assert found.status == status
            assert "retry-after" in found.headers
            assert found.json["retry_after"] > 0
            assert_told(found)
            assert_guarded(found)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("EIO=3&transport={}", 5),
        ("transport={}", 5),
        ("EIO=4&transport={}&sid=nobody", 1),
        ("EIO=3&transport={}&sid=nobody", 1),
        ("EIO=4&transport=pigeon", 0),
    ],
)
async def test_a_websocket_is_refused_in_the_words_of_a_poll(
    either: Running, asked: str, code: int
) -> None:
    poll = await answer(either, asking(f"/socket.io/?{asked.format('polling')}"))
    opening = UPGRADE.replace("EIO=4&transport=websocket", asked.format("websocket"))
    websocket = await answer(either, f"{opening}\r\n")
    assert websocket.status == poll.status == 400
    assert websocket.json == poll.json
    assert poll.json["code"] == code
    assert_told(websocket)


async def test_who_speaks_an_old_protocol_is_told_what_to_do(either: Running) -> None:
    found = await answer(either, UPGRADE.replace("EIO=4", "EIO=3") + "\r\n")
    assert "Engine.IO 4" in found.json["error"]
    assert "client of version 3 or newer" in found.json["error"]
