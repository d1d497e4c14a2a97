"""A WebSocket of our own keeps to RFC 6455, and is not to be broken from outside."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from parley import contract
from parley.config import Config
from parley.wire import frames, heads, idle, line, serving, unread
from tests import lasting
from tests.countdowns import NEVER_S, time_is_up
from tests.eventually import until
from tests.people import PATIENCE_S, Person
from tests.raw import engine_socket, event, raw_polling, raw_socket
from tests.servers import Process, Running, running
from tests.wire.test_frames import masked

pytestmark = lasting.in_one_loop

UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
)
MUCH = 40
NOT_LONG_S = 10.0
"""Less than the first heartbeat takes to come."""
ENDLESS = 80_000_000 // 60_000
# RFC 6455, section 1.3, computes this answer to that key.
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


class Wire:
    """A client that speaks in bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def says(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def opens(self, extra: str = "") -> bytes:
        """Shake hands; what the server answered."""
        await self.says(f"{UPGRADE}{extra}\r\n".encode())
        return await self.reads_head()

    async def reads_head(self) -> bytes:
        """What the server answers, up to the empty line."""
        return await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), PATIENCE_S)

    async def reads(self) -> tuple[int, bytes]:
        """The next frame: opcode and payload."""
        async with asyncio.timeout(PATIENCE_S):
            first, length = await self._reader.readexactly(2)
            if length >= 126:
                more = await self._reader.readexactly(2 if length == 126 else 8)
                length = int.from_bytes(more, "big")
            return first & 0x0F, await self._reader.readexactly(length)

    async def reads_close(self) -> int:
        """Read on to the server's close frame; its code."""
        while True:
            opcode, payload = await self.reads()
            if opcode == frames.CLOSE:
                return int.from_bytes(payload[:2], "big")

    async def reads_to_the_end(self) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            return await self._reader.read()

    async def sits_down(self, room_id: str) -> None:
        """Connect, join, and read the acknowledgement."""
        await self.says(masked(0x81, b"40"))
        join = event("join_room", {"room_id": room_id, "username": "Mallory"}, id=1)
        await self.says(masked(0x81, join.encode()))
        while not (await self.reads())[1].startswith(b"431["):
            pass


async def says_much(somebody: Person, room_id: str) -> None:
    for _ in range(MUCH - 1):
        await somebody.tell("send_message", {"room_id": room_id, "message": "ä" * 8_000})
    assert (await somebody.say(room_id, "ä" * 8_000))["ok"]


@contextlib.asynccontextmanager
async def wire(
    server: Running | Process, *, window: int | None = None, source: str = ""
) -> AsyncIterator[Wire]:
    """A connection from the address `source`; `window` is about how much of what is not read the
    system takes, in bytes.
    """
    network = socket.socket()
    if source:
        network.bind((source, 0))
    if window is not None:
        network.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    network.setblocking(False)
    address = ("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
    await asyncio.get_running_loop().sock_connect(network, address)
    reader, writer = await asyncio.open_connection(sock=network)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_the_handshake_is_the_rfcs_and_nothing_is_compressed(either: Running) -> None:
    async with wire(either) as ada:
        answer = (await ada.opens()).lower()
        assert answer.startswith(b"http/1.1 101 ")
        assert ACCEPT.lower() in answer
        assert b"sec-websocket-extensions" not in answer
        opcode, hello = await ada.reads()
        assert opcode == frames.TEXT
        assert hello.startswith(b"0{")


async def test_it_is_our_own_line_where_nothing_is_between(server: Running, plain: Running) -> None:
    async with wire(server) as ada:
        await ada.opens()
        await ada.reads()
        assert server.app.realtime.server.line_count == 1
    async with wire(plain) as ben:
        await ben.opens()
        await ben.reads()
        assert plain.app.realtime.server.line_count == 0
        assert plain.app.realtime.server.connection_count == 1


async def test_what_comes_with_the_handshake_is_not_lost(server: Running) -> None:
    async with wire(server) as hasty:
        await hasty.says(f"{UPGRADE}\r\n".encode() + masked(0x89, b"early"))
        await hasty._reader.readuntil(b"\r\n\r\n")
        assert (await hasty.reads())[1].startswith(b"0{")
        assert await hasty.reads() == (frames.PONG, b"early")


async def test_of_a_handshake_only_what_is_read_later_is_kept(server: Running) -> None:
    async with wire(server) as mallory:
        await mallory.opens("X-Filler: much\r\nCookie: a=b\r\nOrigin: http://127.0.0.1\r\n")
        (client,) = server.app.realtime.server._lines
        assert client._handshake.headers == {
            "host": "127.0.0.1",
            "cookie": "a=b",
            "origin": "http://127.0.0.1",
        }


async def test_a_handshake_in_pieces_is_one_handshake(server: Running) -> None:
    async with wire(server) as slow:
        request = f"{UPGRADE}\r\n".encode()
        await slow.says(*(request[at : at + 7] for at in range(0, len(request), 7)))
        assert b" 101 " in await slow._reader.readuntil(b"\r\n\r\n")


@pytest.mark.parametrize(
    "extra",
    ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "Host: a\r\n", "Content-Length: 3\r\n"],
)
async def test_an_odd_handshake_is_left_to_hypercorn(server: Running, extra: str) -> None:
    async with wire(server) as odd:
        await odd.says(f"{UPGRADE}{extra}\r\n".encode())
        assert (await odd._reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 ")
        assert server.app.realtime.server.line_count == 0


async def test_a_ping_is_answered_and_a_close_too(either: Running) -> None:
    async with wire(either) as ada:
        await ada.opens()
        await ada.reads()
        await ada.says(masked(0x89, b"there?"))
        assert await ada.reads() == (frames.PONG, b"there?")
        await ada.says(masked(0x88, (1001).to_bytes(2, "big") + b"bye"))
        assert await ada.reads_close() == 1001
        assert await ada.reads_to_the_end() == b""


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(b"\x81\x02hi", 1002, id="unmasked"),
        pytest.param(masked(0xC1, b"a"), 1002, id="compressed"),
        pytest.param(masked(0x81, b"\xff\xfe"), 1007, id="no-utf8"),
        pytest.param(masked(0x82, b"a"), 1003, id="binary"),
        pytest.param(b"\x81\xff" + (1 << 33).to_bytes(8, "big"), 1009, id="eight-gigabytes"),
        pytest.param(masked(0x88, b"\x03\xed"), 1002, id="a-code-nobody-sends"),
    ],
)
async def test_whoever_breaks_a_rule_is_told_which(server: Running, sent: bytes, code: int) -> None:
    async with wire(server) as mallory:
        await mallory.opens()
        await mallory.says(sent)
        assert await mallory.reads_close() == code


async def test_whoever_went_too_far_is_read_no_more(server: Running) -> None:
    async with wire(server) as mallory:
        await mallory.opens()
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < ENDLESS:
                await mallory.says(masked(0x01 if sent == 0 else 0x00, b"x" * 60_000))
                sent += 1
    assert sent < ENDLESS


async def test_who_does_not_read_is_cut_off_and_holds_up_nobody(
    server: Running,
) -> None:
    ada = Person("Ada", server.url)
    room_id = await ada.starts()
    await ada.join(room_id)
    async with wire(server) as deaf:
        await deaf.opens()
        await deaf.sits_down(room_id)
        counts = server.app.realtime.server.eio.counts
        deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
        said = 0
        while not counts["overflowed"]:
            await says_much(ada, room_id)
            said += MUCH
            assert said < 2_000
    assert server.app.realtime.server.line_count == 1
    await ada.goes_home()


async def test_who_is_behind_for_too_long_is_cut_off(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "UNREAD_MAX_S", NEVER_S)
    monkeypatch.setattr(line, "UNREAD_MAX_BYTES", 1 << 40)
    async with running(config) as server:
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await ada.join(room_id)
        async with wire(server) as deaf:
            await deaf.opens()
            await deaf.sits_down(room_id)
            deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
            engine = server.app.realtime.server.eio
            while not engine.counts["overflowed"]:
                await says_much(ada, room_id)
                time_is_up(engine.backlog._slow)
        await ada.goes_home()


@pytest.mark.parametrize("packet", ["3", "9", "41", "421["])
async def test_who_floods_is_cut_off_whatever_they_send(
    few_frames: int, own_server: Running, packet: str
) -> None:
    async with wire(own_server) as mallory:
        await mallory.opens()
        await mallory.says(masked(0x81, packet.encode()) * (few_frames + 1))
        assert await mallory.reads_close() == frames.POLICY_VIOLATION


class Network:
    """A transport that only knows whether it is read."""

    def __init__(self) -> None:
        self.is_read = True

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        self.is_read = True

    def is_reading(self) -> bool:
        return self.is_read

    def is_closing(self) -> bool:
        return False

    def set_write_buffer_limits(self, **_limits: int) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def set_protocol(self, _protocol: object) -> None:
        pass

    def get_extra_info(self, _name: str) -> None:
        return None

    def write(self, _data: bytes) -> None:
        pass


async def test_who_sends_much_at_once_waits_for_the_others() -> None:
    network = Network()
    busy = line.Line(line.Watch.over(max_message_bytes=65_536, counts=Counter(), is_limited=False))
    busy.take(network)  # type: ignore[arg-type]
    busy.data_received(masked(0x8A, b""))
    assert network.is_reading()
    much = masked(0x8A, b"") * line.MUCH_BYTES
    busy.data_received(much)
    assert not network.is_reading()
    await asyncio.sleep(0)  # the others' turn
    assert network.is_reading()
    busy.pause()
    busy.data_received(much[: line.MUCH_BYTES + 6])
    await asyncio.sleep(0)
    assert not network.is_reading()  # it waits for more than a turn
    busy.resume()
    assert network.is_reading()


async def test_who_answers_no_heartbeat_is_gone(config: Config) -> None:
    slow = replace(config, ping_interval_s=NEVER_S, ping_timeout_s=NEVER_S)
    async with running(slow) as server, wire(server) as half_open:
        engine = server.app.realtime.server.eio
        await half_open.opens()
        await half_open.reads()
        time_is_up(engine.pings)
        assert await half_open.reads() == (frames.TEXT, b"2")
        await half_open.says(masked(0x81, b"3"))
        await until(lambda: len(engine.pings) == 1)
        time_is_up(engine.pongs)
        time_is_up(engine.pings)
        assert await half_open.reads() == (frames.TEXT, b"2")
        time_is_up(engine.pongs)
        with contextlib.suppress(ConnectionError):
            assert await half_open.reads_to_the_end() == b""
        assert server.app.realtime.server.line_count == 0


async def test_who_takes_part_in_nothing_may_not_stay(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "JOIN_WITHIN_S", NEVER_S)
    async with running(config) as server:
        unseated = server.app.realtime.server.eio.unseated
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await ada.join(room_id)
        async with raw_socket(server.url) as watcher, engine_socket(server.url) as silent:
            assert (await watcher.ask("watch_room", {"room_id": room_id}))["ok"]
            time_is_up(unseated._overdue)
            await silent.reads_to_the_end()
            async with raw_polling(server.url) as polling:
                time_is_up(unseated._overdue)
                while await polling.poll() == 200:
                    pass
            assert (await watcher.ask("leave_room", {"room_id": room_id}, id=1))["ok"]
            time_is_up(unseated._overdue)
            await watcher.reads_to_the_end()
        assert (await ada.say(room_id, "Still here"))["ok"]
        await ada.goes_home()


@pytest.mark.parametrize(
    ("says", "hears"), [(("41", "40/nowhere,"), "44/nowhere,"), (("41", "40"), "40{")]
)
async def test_noise_buys_no_time(
    config: Config, monkeypatch: pytest.MonkeyPatch, says: tuple[str, ...], hears: str
) -> None:
    monkeypatch.setattr(contract, "JOIN_WITHIN_S", NEVER_S)
    async with running(config) as server, engine_socket(server.url) as noisy:
        unseated = server.app.realtime.server.eio.unseated
        await until(lambda: len(unseated) == 1)
        due = dict(unseated._overdue._due)
        for _ in range(10):
            await noisy.send(*says)
            assert await noisy._reads_until(hears)
            assert unseated._overdue._due == due
        time_is_up(unseated._overdue)
        await noisy.reads_to_the_end()


async def test_who_disconnects_from_a_room_may_not_stay(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "JOIN_WITHIN_S", NEVER_S)
    async with running(config) as server:
        unseated = server.app.realtime.server.eio.unseated
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await ada.goes_home()
        async with raw_polling(server.url) as polling, raw_socket(server.url) as watcher:
            await polling.send(event("watch_room", {"room_id": room_id}, id=1))
            await polling.polls_acks([1])
            assert (await watcher.ask("watch_room", {"room_id": room_id}))["ok"]
            assert not unseated
            await polling.send("41")
            await watcher.send("41")
            await until(lambda: len(unseated) == 2)
            time_is_up(unseated._overdue)
            while await polling.poll() == 200:
                pass
            await watcher.reads_to_the_end()


@pytest.mark.parametrize(
    "scarce", [{"max_connections": 16}, {"max_connections_per_address": 16}], ids=["all", "one's"]
)
async def test_where_places_are_scarce_whoever_is_idle_makes_room(
    config: Config, monkeypatch: pytest.MonkeyPatch, scarce: dict[str, Any]
) -> None:
    monkeypatch.setattr(idle, "SPARED_S", 0.0)
    async with (
        running(replace(config, **scarce)) as server,
        contextlib.AsyncExitStack() as everybody,
    ):
        house = server.app.realtime.server
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await ada.join(room_id)
        await until(lambda: house.eio.places._taken == {"127.0.0.1": 1})
        silent = []
        for _ in range(40):
            socket = await everybody.enter_async_context(engine_socket(server.url))
            silent.append(asyncio.create_task(socket.reads_to_the_end()))
            await until(lambda: house.eio.places._taken["127.0.0.1"] <= 13)
        await asyncio.gather(*silent[:20])
        assert not any(newest.done() for newest in silent[35:])
        assert (await ada.say(room_id, "Still here"))["ok"]
        for newest in silent[35:]:
            newest.cancel()
        await ada.goes_home()


async def test_who_is_only_about_to_join_is_spared(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "SPARED_S", NEVER_S)
    async with (
        running(replace(config, max_connections_per_address=8)) as server,
        contextlib.AsyncExitStack() as everybody,
    ):
        for _ in range(8):
            await everybody.enter_async_context(engine_socket(server.url))
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await everybody.enter_async_context(engine_socket(server.url))
        assert refused.value.status == 429
        assert server.app.realtime.server.line_count == 8


async def test_a_slow_handshake_is_given_up(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "OPEN_WITHIN_S", 0.2)
    async with running(config) as server, wire(server) as slow:
        await slow.says(b"GET /socket.io/?EIO=4")
        with contextlib.suppress(ConnectionError):
            assert await slow.reads_to_the_end() == b""


async def test_a_head_without_an_end_is_refused(server: Running) -> None:
    async with wire(server) as mallory:
        await mallory.says(UPGRADE.encode())
        with contextlib.suppress(ConnectionError):
            await mallory.says(*[b"X-Filler: " + b"x" * 1_000 + b"\r\n"] * (100))
            assert b" 101 " not in await mallory.reads_to_the_end()
    assert heads.HEAD_MAX_BYTES < 100_000


async def test_a_full_house_says_so(config: Config) -> None:
    small = replace(config, max_connections=2)
    async with running(small) as server, wire(server) as ada, wire(server) as ben:
        for each in (ada, ben):
            assert b" 101 " in await each.opens()
        async with wire(server) as late:
            answer = await late.reads_to_the_end()
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"Retry-After: " in answer


class Unread(asyncio.Transport):
    """A transport that says how much is unread, as told."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = list(sizes)
        self.is_aborted = False

    def get_write_buffer_size(self) -> int:
        return self.sizes.pop(0)

    def abort(self) -> None:
        self.is_aborted = True


async def test_a_slow_line_is_not_a_dead_one() -> None:
    watch = line.Watch.over(max_message_bytes=100, counts=Counter())
    slow = line.Line(watch)
    transport = Unread(90_000, 90_000, 70_000, 60_000, 60_000)
    slow._transport = transport
    slow.pause_writing()
    watch.backlog._look_again(slow)
    watch.backlog._look_again(slow)
    assert not transport.is_aborted
    watch.backlog._look_again(slow)
    assert transport.is_aborted


@pytest.mark.parametrize("letter", ["\U0001f600", "\u8336", "a"])
async def test_the_longest_message_fits_however_it_is_escaped(server: Running, letter: str) -> None:
    ada = Person("Ada", server.url)
    room_id = await ada.starts()
    await ada.join(room_id)
    message = letter * contract.MESSAGE_MAX_CHARS
    escaped = json.dumps({"room_id": room_id, "message": message, "client_id": "\U0001f600" * 64})
    async with raw_socket(server.url) as program:
        assert (await program.ask("join_room", {"room_id": room_id}))["ok"]
        await program.send(f'421["send_message",{escaped}]')
        assert await program._reads_until("431[")
    assert (await ada.hears("new_message"))["message"] == message
    await ada.goes_home()


async def test_who_sends_what_is_too_large_is_told_before_the_end(server: Running) -> None:
    async with raw_socket(server.url) as program:
        await program.send(f'421["send_message",{{"message":"{"x" * contract.FRAME_MAX_BYTES}"}}]')
        await program.reads_to_the_end()
        [told] = [json.loads(packet[2:]) for packet in program.packets if packet.startswith("42")]
    assert (told[0], told[1]["code"]) == ("error", "too_large")
