"""Nobody who does not read takes the server's memory: every kind of client, at the limits that
everybody has, from one address.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from parley import contract
from parley.wire import unread
from tests.eventually import until
from tests.generous import USUAL
from tests.people import Person
from tests.raw import event, raw_polling
from tests.servers import Process, process
from tests.wire.test_frames import masked
from tests.wire.test_line import Wire, wire
from tests.wire.test_polling import HOST
from tests.wire.test_upgrade import changes_over, going_on

CLIENTS = 60
ASKS = 60
WINDOW = 16 * 1024
BOUND_BYTES = unread.ADDRESS_MAX_BYTES + 32 * 1024 * 1024
"""What one address may have waiting, and what counting it does not see: half-read frames, what the
answers are made from, and what Python keeps of it."""
REST_S = 2.0
"""Who has grown no more for so long will not."""
PAGE_BYTES = 1024 * 1024

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


class Memory:
    """Of a process, in bytes."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._refs = Path(f"/proc/{pid}/clear_refs")
        self._last, self._since_s = 0, 0.0

    def now(self) -> int:
        return self._read("VmRSS:")

    def peak(self) -> int:
        return self._read("VmHWM:")

    def rests(self) -> bool:
        """Whether it has been the same for a while."""
        now, loop_s = self.now(), asyncio.get_running_loop().time()
        if abs(now - self._last) > PAGE_BYTES:
            self._last, self._since_s = now, loop_s
        return loop_s - self._since_s > REST_S

    def forget_peak(self) -> None:
        self._refs.write_text("5")

    def _read(self, name: str) -> int:
        for line in self._status.read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
        raise AssertionError(name)


async def a_full_room(server: Process) -> str:
    """A conversation whose state is as large as one may be."""
    ada = Person("Ada", server.url)
    room_id = await ada.starts()
    await ada.join(room_id)
    for _ in range(contract.STATE_MAX_CHARS // contract.MESSAGE_MAX_CHARS):
        assert (await ada.say(room_id, "ä" * contract.MESSAGE_MAX_CHARS))["ok"]
    await ada.goes_home()
    return room_id


def asks(room_id: str) -> list[bytes]:
    """To come in, and again and again for all that was said."""
    join = event("join_room", {"room_id": room_id}, id=0)
    sync = {"room_id": room_id, "since": 0}
    events = [join, *(event("sync", sync, id=id) for id in range(1, ASKS))]
    return [masked(0x81, each.encode()) for each in events]


async def sends(client: Wire, frames: list[bytes]) -> None:
    """As far as the server takes them, or until it has had enough."""
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(REST_S):
            await client.says(*frames)


@contextlib.asynccontextmanager
async def _on_a_line(server: Process, room_id: str, more: str = "") -> AsyncIterator[None]:
    async with wire(server, window=WINDOW) as client:
        await client.opens(more)
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await sends(client, [masked(0x81, b"40"), *asks(room_id)])
        yield


@contextlib.asynccontextmanager
async def on_a_line(server: Process, room_id: str) -> AsyncIterator[None]:
    async with _on_a_line(server, room_id):
        yield


@contextlib.asynccontextmanager
async def with_an_empty_body(server: Process, room_id: str) -> AsyncIterator[None]:
    async with _on_a_line(server, room_id, "Content-Length: 0\r\n"):
        yield


@contextlib.asynccontextmanager
async def upgraded(server: Process, room_id: str) -> AsyncIterator[None]:
    async with raw_polling(server.url) as polling, going_on(server, polling) as client:
        await changes_over(client)
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await sends(client, asks(room_id))
        yield


@contextlib.asynccontextmanager
async def posting_alone(server: Process, room_id: str) -> AsyncIterator[None]:
    sync = event("sync", {"room_id": room_id, "since": 0}, id=1)
    async with raw_polling(server.url) as polling:
        await polling.send(event("join_room", {"room_id": room_id}, id=0))
        for _ in range(4):
            await polling.send(*[sync] * (ASKS // 4))
        yield


@contextlib.asynccontextmanager
async def sending_large_events(server: Process, room_id: str) -> AsyncIterator[None]:
    """That wait, each for the one before it."""
    padded = {"room_id": room_id, "since": 0, "more": "x" * 60_000}
    async with wire(server, window=WINDOW) as client:
        await client.opens()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        many = [masked(0x81, event("sync", padded, id=id).encode()) for id in range(ASKS)]
        await sends(client, [masked(0x81, b"40"), *asks(room_id)[:1], *many])
        yield


@contextlib.asynccontextmanager
async def asking_for_pages(server: Process, room_id: str) -> AsyncIterator[None]:
    async with wire(server, window=WINDOW) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        ask = f"GET /conversation/{room_id} HTTP/1.1\r\n{HOST}\r\n".encode()
        await sends(client, [ask] * 20)
        yield


LONG = pytest.mark.long("its bound is held in tests/wire/test_unread.py every time")
Kind = Callable[[Process, str], contextlib.AbstractAsyncContextManager[None]]


@pytest.mark.long("its bound is held in tests/wire/test_unread.py every time")
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "kind",
    [
        on_a_line,
        pytest.param(with_an_empty_body, marks=LONG),
        pytest.param(upgraded, marks=LONG),
        posting_alone,
        pytest.param(sending_large_events, marks=LONG),
        pytest.param(asking_for_pages, marks=LONG),
    ],
)
async def test_who_does_not_read_takes_no_memory(kind: Kind, tmp_path: Path) -> None:
    with process(tmp_path / "data", environ=USUAL) as server:
        room_id = await a_full_room(server)
        memory = Memory(server.pid)
        idle = memory.now()
        memory.forget_peak()
        async with contextlib.AsyncExitStack() as deaf:
            coming: list[Awaitable[None]] = [
                deaf.enter_async_context(kind(server, room_id)) for _ in range(CLIENTS)
            ]
            await asyncio.gather(*coming)
            await until(memory.rests, within_s=60)
        ada = Person("Ada", server.url)
        await ada.join(room_id)  # it serves on
        await ada.goes_home()
        print(kind.__name__, idle >> 20, memory.peak() >> 20)
        assert memory.peak() < 1.5 * idle + BOUND_BYTES
