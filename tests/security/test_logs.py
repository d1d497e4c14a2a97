"""A secret planted wherever a client can put one turns up where it belongs, and nowhere else."""

from __future__ import annotations

import asyncio
import io
import itertools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
import structlog
from quart import Response

from parley import logs
from parley.app import Parley
from tests.cases import together
from tests.databases import beside
from tests.effort import IS_EVERYTHING
from tests.people import PATIENCE_S, Person
from tests.raw import engine_socket, event, raw_polling
from tests.servers import Process, Running, process
from tests.transport.test_guards import UPGRADE
from tests.wire.test_line import wire

CANARY = "c4n4ry"
LINE = re.compile(r"timestamp='[^']+' level='(warning|error)' event='\w+'.*")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Process]:
    with process(tmp_path / "data", "--port", "0", "--host", "127.0.0.1") as started:
        yield started


def planted(what: str) -> str:
    return f"{CANARY}-{what}\r\nlevel='error' event='forged'"


async def plant_everywhere(url: str) -> None:
    """Say the canary in every place of every kind of request, right and wrong."""
    ada, ben = Person("Ada", url), Person("Ben", url, ("polling",))
    headers = {
        "User-Agent": CANARY,
        "Referer": f"{url}/{CANARY}",
        "X-Forwarded-For": CANARY,
        "Accept-Language": CANARY,
        f"X-{CANARY}": CANARY,
    }
    query = f"?q={CANARY}%0a%0dforged&cursor={CANARY}&before={CANARY}"
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        room_id = await ada.starts(planted("title"), description=planted("description"))
        owner = {"Authorization": f"Bearer {ada.token}"}
        await ada.join(room_id, username=planted("name"), user_id=f"{CANARY}-id")
        await ada.say(room_id, planted("message"), client_id=f"{CANARY}-client")
        await ben.join(room_id)
        for body in (
            {"room_id": f"{CANARY}-room", "message": CANARY},
            {"room_id": room_id, "message": CANARY, "type": planted("type")},
            {"room_id": room_id, "message": [CANARY]},
            {"room_id": room_id, "message": CANARY, "user_id": CANARY},
        ):
            for person in (ada, ben):
                assert not (await person.ask("send_message", body))["ok"]
        assert not (await ada.ask(CANARY, {CANARY: CANARY}))["ok"]
        place = f"/api/conversations/{room_id}"
        status, _ = await ada.call(
            "PATCH", place, {"passphrase": f"{CANARY}-passphrase"}, headers=owner
        )
        assert status == 200
        for guess, expected in (("guess", 403), ("passphrase", 200)):
            status, _ = await ben.call(
                "POST", f"{place}/enter", {"passphrase": f"{CANARY}-{guess}"}
            )
            assert status == expected
        paths = (
            f"/{CANARY}",
            f"/conversation/{CANARY}",
            f"/conversation/{quote(planted('room'))}",
            f"/api/conversations/{CANARY}",
            f"/api/conversations/{CANARY}/messages",
            "/conversations",
            "/api/conversations",
            "/socket.io/",
        )
        places: tuple[dict[str, str], ...] = (
            {},
            {"Authorization": f"Bearer {CANARY}"},
            {"Cookie": f"parley_session={CANARY}", "Origin": url},
            {"Origin": f"https://{CANARY}.example"},
            {"Host": f"{CANARY}.example"},
            {"Content-Type": f"application/{CANARY}"},
        )
        requests = list(itertools.product(paths, ("GET", "POST", "PUT", CANARY), places))
        # One in five has each path, each method and each place several times.
        for path, method, more in requests[:: 1 if IS_EVERYTHING else 5]:
            async with http.request(
                method, url + path + query, headers={**headers, **more}, data=CANARY
            ) as reply:
                assert reply.status < 500
        async with engine_socket(url, headers=headers) as socket:
            await socket.send(CANARY, "4" + CANARY, "42" + CANARY, event("join_room", CANARY))
            await socket.send('40{"token":"' + CANARY + '"}', CANARY.encode())
            await socket.reads_to_the_end()
        async with raw_polling(url) as polling:
            await polling.post(CANARY)
    for person in (ada, ben):
        await person.goes_home()


@pytest.mark.longer
async def test_the_log_holds_nothing_of_what_people_say_or_hold(site: Process) -> None:
    await plant_everywhere(site.url)
    code, log = await asyncio.to_thread(site.stop)
    # One line may tell, without a name, that somebody comes through a proxy nobody configured;
    # one has the name that somebody asked by, and one that of a page that may be behind a proxy.
    lines = [line for line in log.splitlines() if "forwarded_headers_ignored" not in line]
    names = (f"'unknown_host' host='{CANARY}.example'", f"'page_refused' page='{CANARY}.example'")
    named = [line for line in lines if any(f"event={each}" in line for each in names)]
    assert (code, lines) == (0, named)
    assert len(named) == 2
    assert CANARY not in log.replace(f"{CANARY}.example", "")


async def test_nor_does_it_when_something_breaks(site: Process, tmp_path: Path) -> None:
    ada = Person("Ada", site.url)
    room_id = await ada.starts(CANARY)
    await ada.join(room_id, username=CANARY)
    with beside(tmp_path / "data") as database:
        database.execute("ALTER TABLE messages RENAME TO gone")
    refused = await ada.say(room_id, CANARY)
    read = await ada.call("GET", f"/api/conversations/{room_id}")
    history = await ada.call("GET", f"/api/conversations/{room_id}/messages")
    await ada.goes_home()
    code, log = await asyncio.to_thread(site.stop)

    assert code == 0
    assert not refused["ok"]
    assert read[0] in (500, 503)
    assert history[0] in (500, 503)
    assert CANARY not in f"{refused} {read} {history}"
    assert log, "a fault is told"
    for secret in (CANARY, room_id, str(ada.token), "127.0.0.1"):
        assert secret not in log
    for line in log.splitlines():
        assert LINE.fullmatch(line), line


async def test_a_websocket_to_nowhere_is_a_404_and_no_line(site: Process) -> None:
    for path in (f"/link/{CANARY}", f"/{CANARY}", f"/api/{CANARY}"):
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{site.url}{path}?token={CANARY}", headers=UPGRADE) as reply,
        ):
            assert reply.status == 404, path
            assert (await reply.json())["code"] == "not_found"
        async with wire(site) as asking:
            # RFC 9112, section 3.2.2: a target may name the host too.
            head = "".join(f"{name}: {value}\r\n" for name, value in UPGRADE.items())
            host = site.url.removeprefix("http://")
            target = f"GET {site.url}{path} HTTP/1.1\r\nHost: {host}\r\n"
            await asking.says(f"{target}{head}\r\n".encode())
            assert (await asking._reader.readline()).startswith(b"HTTP/1.1 404 "), path
    assert await asyncio.to_thread(site.stop) == (0, "")


async def test_others_hear_nothing_but_what_was_said_to_them(site: Process) -> None:
    ada, ben = Person("Ada", site.url), Person("Ben", site.url)
    elsewhere = await ada.starts("Elsewhere", visibility="unlisted")
    token = ada.token
    room_id = await ada.starts("Here")
    await ben.join(room_id)
    headers = {"User-Agent": CANARY, "Cookie": f"x={CANARY}", f"X-{CANARY}": CANARY}
    await ada.connect(auth={"token": token}, headers=headers)
    await ada.join(room_id, token=token)
    await ada.join(elsewhere)
    await ada.tell("typing", {"room_id": room_id, "is_typing": True, "secret": CANARY})
    await ada.say(room_id, "Hello", secret=CANARY)
    await ada.leave(room_id)
    await ben.hears("user_left")
    heard = str(ben.heard)
    read = str(await ben.call("GET", f"/api/conversations/{room_id}"))
    listed = str(await ben.call("GET", "/api/conversations"))
    for person in (ada, ben):
        await person.goes_home()

    assert "Hello" in heard
    for secret in (CANARY, str(token), elsewhere, ada.socket.sid or "no sid"):
        assert secret not in heard + read + listed


REFUSED: list[tuple[str, str, Any, dict[str, str]]] = [
    ("GET", f"/api/conversations/{CANARY}", None, {}),
    ("GET", f"/api/conversations/{CANARY}/messages", None, {}),
    ("GET", f"/api/{CANARY}", None, {}),
    ("GET", f"/api/conversations?cursor={CANARY}", None, {}),
    ("GET", f"/api/conversations?limit={CANARY}", None, {}),
    ("POST", f"/api/conversations/{CANARY}/join", {"username": CANARY}, {}),
    ("POST", f"/api/conversations/{CANARY}/messages", {"message": CANARY}, {}),
    ("POST", "/api/conversations/create", {"title": [CANARY]}, {}),
    ("POST", "/api/conversations/create", {"title": CANARY * 100}, {}),
    ("POST", "/api/conversations/create", {"visibility": CANARY}, {}),
    ("POST", "/api/conversations/create", {}, {"Authorization": f"Bearer {CANARY}"}),
    ("POST", "/api/conversations/create", {}, {"Origin": f"https://{CANARY}.example"}),
    ("GET", "/api/health", None, {"Host": f"{CANARY}/"}),
]


@together(("method", "path", "body", "headers"), REFUSED)
async def test_an_error_repeats_nothing_of_what_was_sent(
    server: Running, method: str, path: str, body: Any, headers: dict[str, str]
) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, server.url + path, json=body, headers=headers) as reply,
    ):
        assert 400 <= reply.status < 500
        assert CANARY not in await reply.text()
        assert CANARY not in str(reply.headers)


async def test_a_problem_page_repeats_nothing_of_the_address(server: Running) -> None:
    async with aiohttp.ClientSession() as http:
        for path in (f"/{CANARY}", f"/conversation/{CANARY}", f"/conversation/{CANARY}/qr.svg"):
            async with http.get(f"{server.url}{path}?{CANARY}") as reply:
                assert reply.status == 404
                assert CANARY not in await reply.text()


# --- how an event is written ---


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged from here on, at the level that `parley serve` has by default."""
    before = structlog.get_config()
    written = io.StringIO()
    logs.log_to(written, "info")
    yield written
    structlog.configure(**before)


class Odd:
    def __repr__(self) -> str:
        return "odd\nlevel='error'\u2028\x1b[31m\u202e"


def test_nothing_breaks_a_line(log: io.StringIO) -> None:
    values = ["a\nb", "a\r\nb", "a\u2028b\u2029c\x85d\x0b\x0c", b"a\nb", Odd(), {"k\n": ["v\n"]}]
    for value in values:
        structlog.get_logger().warning("odd", value=value)
    text = log.getvalue()
    assert text.count("\n") == len(values)
    assert all(line.isprintable() for line in text.split("\n"))


def _fails() -> None:
    try:
        raise KeyError(f"{CANARY}-inner")
    except KeyError as error:
        raise ValueError(f"{CANARY}\nline two") from error


def test_an_exception_is_told_by_its_kind_and_place(log: io.StringIO) -> None:
    try:
        _fails()
    except ValueError as error:
        structlog.get_logger().exception("broken")
        structlog.get_logger().error("broken", exc_info=error)
        structlog.get_logger().error("broken", exc_info=(type(error), error, error.__traceback__))
    structlog.get_logger().error("whole", exc_info=True)  # there is none
    *broken, whole = log.getvalue().splitlines()
    assert len(broken) == 3
    for line in broken:
        assert re.search(
            r"exception='ValueError at security/test_logs\.py:\d+ _fails <"
            r" security/test_logs\.py:\d+ test_\w+, after KeyError at ",
            line,
        ), line
        assert CANARY not in line
    assert "exception" not in whole


async def test_what_the_library_tells_of_a_failure_is_an_event_of_ours(
    log: io.StringIO, app: Parley
) -> None:
    @app.after_request
    async def breaks(response: Response) -> Response:
        _fails()
        return response

    reply = await app.test_client().get(f"/link/{CANARY}")
    assert reply.status_code == 500
    lines = log.getvalue().splitlines()
    assert lines
    for line in lines:
        assert LINE.fullmatch(line)
        assert "answer_failed" in line
        assert CANARY not in line


def test_at_debug_an_exception_is_told_whole_but_on_one_line(log: io.StringIO) -> None:
    logs.log_to(log, "debug")
    try:
        _fails()
    except ValueError:
        structlog.get_logger().exception("broken")
    (line,) = log.getvalue().splitlines()
    assert CANARY in line
    assert "Traceback" in line


@pytest.mark.long("another program starts")
def test_inside_another_program_it_says_no_more(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from parley.app import create_app
from parley.config import Config
async def main():
    app = create_app(Config(data=Path({str(tmp_path)!r})))
    running = app.test_app()
    # Quart gives up after six seconds; a busy machine may take longer.
    running.startup_timeout = running.shutdown_timeout = {PATIENCE_S}
    async with running:
        await app.test_client().get("/conversation/{CANARY}")
asyncio.run(main())
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=200, check=False
    )
    assert (ended.stdout + ended.stderr, ended.returncode) == ("", 0)
