"""What is no request of HTTP/1.1 is refused, and a connection goes when its client does."""

from __future__ import annotations

import asyncio
import gc
import inspect
import weakref
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypercorn.asyncio import task_group

from parley.config import Config
from parley.wire import connection, heads, serving
from parley.wire.direct import DirectClient
from tests import lasting
from tests.eventually import until
from tests.servers import Process, Running, process, running
from tests.wire.test_line import UPGRADE, wire

pytestmark = lasting.in_one_loop

HOST = "Host: 127.0.0.1\r\n"
HEALTH = f"GET /api/health HTTP/1.1\r\n{HOST}\r\n"
CREATE = f"POST /api/conversations/create HTTP/1.1\r\n{HOST}"
POLL = f"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n{HOST}"
SETTINGS = "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MANY_HEADERS = "".join(f"x{number}:\r\n" for number in range(heads.HEADERS_MAX))
BIG_HEAD = f"X-Filler: {'x' * heads.HEAD_MAX_BYTES}\r\n"
TWO_LENGTHS = f"{CREATE}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"


async def answer(server: Running | Process, request: str) -> bytes:
    """All that a connection says which asks this and is then closed."""
    async with wire(server) as asking:
        await asking.says(request.encode())
        return await asking.reads_to_the_end()


@pytest.mark.parametrize("settings", [SETTINGS, "", "HTTP2-Settings: A\r\n"])
@pytest.mark.parametrize("head", [HEALTH, f"{POLL}\r\n"])
async def test_an_upgrade_to_http_2_is_passed_over(
    server: Running, head: str, settings: str
) -> None:
    upgrade = f"Upgrade: h2c\r\n{settings}Connection: Upgrade, HTTP2-Settings, close\r\n\r\n"
    said = await answer(server, head.removesuffix("\r\n") + upgrade)
    assert said.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("rest", ["", "\0\0\0\4\0\0\0\0\0", "no frame at all" * 20])
async def test_http_2_is_not_spoken(server: Running, rest: str) -> None:
    assert (await answer(server, PREFACE + rest)).startswith(b"HTTP/1.1 505 ")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(TWO_LENGTHS + HEALTH, 400, id="two-lengths"),
        pytest.param(HEALTH + TWO_LENGTHS + HEALTH, 400, id="two-lengths-second"),
        pytest.param(f"{CREATE}{BIG_HEAD}\r\n", 431, id="big-head"),
        pytest.param(f"{CREATE}{MANY_HEADERS}\r\n", 431, id="many-headers"),
        pytest.param(f"{UPGRADE}{BIG_HEAD}\r\n", 431, id="big-websocket-head"),
        pytest.param(f"{UPGRADE}{MANY_HEADERS}\r\n", 431, id="many-websocket-headers"),
        pytest.param(UPGRADE.replace(": 13", ": 8") + "\r\n", 400, id="old-websocket"),
        pytest.param(f"{UPGRADE}Content-Length: 2\r\n\r\nhi", 400, id="websocket-body"),
        pytest.param(f"GET /{'x' * heads.HEAD_MAX_BYTES} HTTP/1.1\r\n{HOST}\r\n", 431),
    ],
)
async def test_a_request_we_do_not_take_ends_the_connection(
    server: Running, request_: str, status: int
) -> None:
    said = await answer(server, request_)
    _, *others = said.split(b"HTTP/1.1 ")
    assert [int(each[:3]) for each in others][-1] == status
    assert len(others) == 1 + request_.startswith(HEALTH)


async def test_no_request_leaves_a_line_in_the_log(tmp_path: Path) -> None:
    odd = [PREFACE + "garbage", TWO_LENGTHS, f"{CREATE}{BIG_HEAD}\r\n"]
    odd += [
        f"GET /x HTTP/1.1\r\n{HOST}Upgrade: h2c\r\nConnection: close\r\n{more}\r\n"
        for more in ("HTTP2-Settings: A\r\n", "HTTP2-Settings: AAT_____\r\n", "X: ÿ\r\n")
    ]
    with process(tmp_path / "data", "--port", "0", "--host", "127.0.0.1") as site:
        for request in odd:
            assert (await answer(site, request)).startswith(b"HTTP/1.1 ")
        assert site.stop() == (0, "")


# --- the end of a connection --------------------------------------------------


def connections() -> set[asyncio.Task[Any]]:
    """What Hypercorn runs for connections in this process."""
    return {task for task in asyncio.all_tasks() if _is_connection(task)}


def _is_connection(task: asyncio.Task[Any]) -> bool:
    return getattr(task.get_coro(), "__qualname__", "") == connection.Connection.run.__qualname__


async def ends(tasks: set[asyncio.Task[Any]]) -> None:
    """Wait until these are over, much sooner than an idle connection is closed."""
    if tasks:
        _, waiting = await asyncio.wait(tasks, timeout=serving.KEEP_ALIVE_S / 3)
        assert not waiting


UNREAD = "1\r\nx\r\n" * 500


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(HEALTH, id="kept alive"),
        pytest.param(f"{POLL}\r\n", id="a poll"),
        pytest.param(
            f"POST /api/health HTTP/1.1\r\nHost: [\r\nTransfer-Encoding: chunked\r\n\r\n{UNREAD}",
            id="a body nobody reads",
        ),
    ],
)
async def test_a_connection_goes_with_its_client(server: Running, request_: str) -> None:
    async with wire(server) as asking:
        await asking.says(request_.encode())
        await asking._reader.readuntil(b"\r\n\r\n")
        asked = connections()
    await ends(asked)
    assert connections() == set()


@pytest.mark.parametrize("request_", [HEALTH, f"{POLL}\r\n"], ids=["a page", "a poll"])
async def test_a_connection_that_ended_leaves_no_cycle(
    server: Running, request_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[weakref.ref[connection.Connection]] = []
    begin = connection.Connection.run

    async def run(self: connection.Connection) -> None:
        seen.append(weakref.ref(self))
        await begin(self)

    monkeypatch.setattr(connection.Connection, "run", run)
    gc.collect()
    gc.disable()
    try:
        async with wire(server) as asking:
            await asking.says(request_.encode())
            await asking.reads_head()
        await until(lambda: bool(seen) and seen[0]() is None)
    finally:
        gc.enable()


@pytest.mark.long("a connection that ended tells most")
async def test_a_line_that_ended_leaves_no_cycle(server: Running) -> None:
    def lines() -> int:
        return sum(isinstance(each, DirectClient) for each in gc.get_objects())

    gc.collect()
    before = lines()
    gc.disable()
    try:
        async with wire(server) as ada:
            await ada.opens()
            await until(lambda: lines() == before + 1)
        await until(lambda: lines() == before)
    finally:
        gc.enable()


async def test_no_idle_timer_is_left_unawaited_where_a_connection_ends() -> None:
    began: list[Coroutine[Any, Any, None]] = []

    async def idles() -> None:
        """Never begun."""

    def noted() -> Coroutine[Any, Any, None]:
        began.append(idles())
        return began[0]

    tasks = task_group.TaskGroup(asyncio.get_running_loop())
    async with tasks:
        pass  # and nothing can be begun in them any more
    with pytest.raises(RuntimeError):
        await connection._Idle().restart(tasks, noted)
    assert inspect.getcoroutinestate(began[0]) == inspect.CORO_CLOSED


async def test_a_client_that_went_holds_no_place(config: Config) -> None:
    few = replace(config, max_connections_per_address=2)
    async with running(few) as server:
        for _ in range(6):
            async with wire(server) as asking:
                await asking.says(HEALTH.encode())
                assert b" 200 " in await asking._reader.readuntil(b"\r\n\r\n")
                asked = connections()
            await ends(asked)


async def test_what_does_not_end_with_its_client_is_ended(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "END_WITHIN_S", 0.1)
    begun = asyncio.Event()

    async def never(*_: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(server.app.realtime.server, "handle_request", never)
    async with wire(server) as asking:
        await asking.says(f"{POLL}\r\n".encode())
        await begun.wait()
        asked = connections()
    await ends(asked)
