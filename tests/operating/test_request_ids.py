"""One id leads from a request, or an event, to all that the log says of it."""

from __future__ import annotations

import asyncio
import io
import re
import threading
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
import structlog

from parley import causes, logs
from parley.config import Config
from parley.storage.choice import database_of
from tests.databases import sqlite_only
from tests.people import PATIENCE_S, Person
from tests.servers import Process, process

PROXY = ("--port", "0", "--trusted-proxies", "127.0.0.1,::1")
THROUGH = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "http"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def id_told(server: Process, path: str, **headers: str) -> str:
    answer = requests.get(f"{server.url}{path}", headers=headers, timeout=PATIENCE_S)
    return answer.headers["X-Request-ID"]


def test_every_answer_says_what_its_request_is_called(data: Path) -> None:
    with process(data) as server:
        found = [
            id_told(server, path)
            for path in (
                "/",
                "/nowhere",
                "/api/health",
                "/api/nowhere",
                "/socket.io/?EIO=4&transport=polling",
                "/socket.io/?EIO=3&transport=polling",
            )
        ]
        assert all(re.fullmatch("[0-9a-f]{16}", each) for each in found)
        assert len(set(found)) == len(found)
        # Whoever is no proxy of ours names nothing.
        assert id_told(server, "/api/health", **{"X-Request-ID": "mine"}) != "mine"


def test_a_trusted_proxy_names_requests_but_not_as_it_likes(data: Path) -> None:
    with process(data, *PROXY) as server:
        for named in ("f3a9-17", "req_01H8:x/7=", "x" * 128):
            assert id_told(server, "/api/health", **THROUGH, **{"X-Request-ID": named}) == named
        for odd in ("a b", "ä".encode().decode("latin-1"), "x" * 129, "a, b", ""):
            assert id_told(server, "/api/health", **THROUGH, **{"X-Request-ID": odd}) != odd


@sqlite_only
def test_a_commit_that_fails_names_the_requests_and_events_that_wanted_it(data: Path) -> None:
    async def talk(server: Process) -> str:
        """Both ways fail; the socket's id without a proxy's name for it."""
        ada, ben = Person("Ada", server.url), Person("Ben", server.url)
        room_id = await ada.starts()
        await ada.connect(headers={**THROUGH, "X-Request-ID": "handshake-1"})
        await ada.join(room_id)
        await ben.connect(headers=THROUGH)
        await ben.join(room_id)
        assert (await ada.say(room_id, "Before"))["ok"]
        (data / "parley.db").unlink()
        headers = {**THROUGH, "X-Request-ID": "over-rest-1"}
        status, _ = await ada.call(
            "POST", f"/api/conversations/{room_id}/messages", {"message": "No"}, headers=headers
        )
        assert status == 503
        assert (await ada.say(room_id, "No"))["code"] == "unavailable"
        assert (await ben.say(room_id, "No"))["code"] == "unavailable"
        sid: str = ben.socket.get_sid()
        await ada.goes_home()
        await ben.goes_home()
        return sid

    with process(data, *PROXY) as server:
        sid = asyncio.run(talk(server))
        _, told = server.stop()
    failed = [line for line in told.splitlines() if "event='commit_failed'" in line]
    named = [re.search(r"requests='([^']*)'", line) for line in failed]
    ids = {id for each in named if each for id in each[1].split()}
    # Ada joined, and said something before.
    assert {"over-rest-1", "handshake-1.3", f"{sid}.2"} <= ids


def test_a_failure_in_a_handler_is_named_as_its_answer(data: Path) -> None:
    with process(data, *PROXY, "--log-level", "debug") as server:
        path = "/conversation/nowhere"
        id = id_told(server, path, **THROUGH, **{"X-Request-ID": "page-1"})
        _, told = server.stop()
    assert id == "page-1"
    [line] = [line for line in told.splitlines() if f"path='{path}'" in line]
    assert "request_id='page-1'" in line


async def test_what_the_threads_log_has_the_id_of_whoever_asked(data: Path) -> None:
    file = io.StringIO()
    before = structlog.get_config()
    logs.log_to(file, "info")
    causes.begins_here()
    log = structlog.get_logger("threads")

    def work(_connection: sa.Connection) -> str:
        log.info("in_a_thread")
        return threading.current_thread().name

    database = database_of(Config(data=data))
    try:
        await database.open()

        async def ask(id: str) -> list[str]:
            causes.current.set(id)
            log.info("on_the_loop")
            return [
                await database.read(work),
                await database.search(work),
                await database.write(work),
            ]

        names = await asyncio.gather(*(asyncio.create_task(ask(f"ask-{n}")) for n in range(3)))
        assert {name.rsplit("-", 1)[0] for each in names for name in each} == {
            "parley-read",
            "parley-long",
            "parley-write",
        }
        await database.read(lambda connection: work(connection))
    finally:
        await database.close()
        structlog.configure(**before)
    lines = [line for line in file.getvalue().splitlines() if "in_a_thread" in line]
    for n in range(3):
        assert sum(f"request_id='ask-{n}'" in line for line in lines) == 3
    assert "request_id" not in lines[-1], "what nobody asked for is named after nobody"


def test_many_that_failed_together_are_named_up_to_some() -> None:
    some = [f"id-{n}" for n in range(causes.IDS_MAX)]
    assert causes.ids_of([None, *some, "id-0", ""]) == " ".join(some)
    assert causes.ids_of([*some, "more"]) == " ".join([*some, "…"])


def test_an_actor_is_named_by_what_it_does_now() -> None:
    class Client:
        cause_id = "socket.1"

    client = Client()
    causes.acting.who = client
    try:
        cause = causes.now()
        client.cause_id = "socket.2"
        assert causes.id_of(cause) == "socket.2"
    finally:
        causes.acting.who = None
