"""Whoever does not read is bounded in bytes and in time, whichever way they came."""

from __future__ import annotations

import asyncio
import functools
import gc

import pytest

from parley import contract
from parley.addresses import place_of
from parley.config import Config
from parley.realtime import HANDLERS
from parley.wire import answering, line, socket, unread
from parley.wire.socket import GuardedSocket
from parley.wire.unread import Backlog
from tests import lasting
from tests.countdowns import NEVER_S, time_is_up
from tests.effort import times
from tests.eventually import until
from tests.people import Person
from tests.raw import RECORD_SEPARATOR, event, raw_polling
from tests.servers import Running, running
from tests.wire.test_frames import masked
from tests.wire.test_line import Wire, wire
from tests.wire.test_polling import HOST
from tests.wire.test_upgrade import changes_over, going_on, reads_until

pytestmark = lasting.in_one_loop

LONG = "ä" * contract.MESSAGE_MAX_CHARS
WINDOW = 16 * 1024
STATE_MESSAGES = contract.STATE_MAX_CHARS // contract.MESSAGE_MAX_CHARS


async def full_room(server: Running) -> str:
    """A conversation whose state is as large as one may be."""
    ada = Person("Ada", server.url)
    room_id = await ada.starts()
    await ada.join(room_id)
    for _ in range(STATE_MESSAGES):
        await ada.say(room_id, LONG)
    await ada.goes_home()
    return room_id


def backlog(server: Running) -> Backlog:
    return server.app.realtime.server.eio.backlog


def held(server: Running) -> int:
    return sum(backlog(server)._held.values())


def overflowed(server: Running) -> int:
    return server.app.realtime.server.eio.counts["overflowed"]


def cut_off_in_time(server: Running) -> bool:
    """Whether nothing is left of it, as time goes by."""
    time_is_up(backlog(server)._slow)
    return not held(server)


def sync(room_id: str, id: int) -> str:
    return event("sync", {"room_id": room_id, "since": 0}, id=id)


async def test_who_posts_and_never_polls_is_cut_off_at_a_megabyte(either: Running) -> None:
    room_id = await full_room(either)
    async with raw_polling(either.url) as mallory:
        await mallory.send(event("join_room", {"room_id": room_id}, id=0))
        most = 0
        for id in range(1, 200):
            if await mallory.send(sync(room_id, id)) != 200:
                break
            most = max(most, held(either))
        assert overflowed(either) == 1
        assert most < 2 * unread.UNREAD_MAX_BYTES
    await until(lambda: not held(either))


async def test_nothing_of_a_session_that_ended_is_kept(either: Running) -> None:
    async with raw_polling(either.url) as ada:
        await ada.send(event("nothing of ours", id=1), "1")
        assert await ada.poll() == 400
    await until(lambda: not _sessions())
    assert not held(either)


def _sessions() -> list[GuardedSocket]:
    gc.collect()
    return [each for each in gc.get_objects() if isinstance(each, GuardedSocket)]


async def test_who_does_not_poll_for_too_long_is_cut_off(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "UNREAD_MAX_S", NEVER_S)
    async with running(config) as server, raw_polling(server.url) as mallory:
        await mallory.send(event("nothing of ours", id=1))
        assert overflowed(server) == 0
        await until(lambda: len(backlog(server)._slow) == 1)
        time_is_up(backlog(server)._slow)
        assert overflowed(server) == 1
        assert await mallory.poll() == 400


async def test_who_polls_now_and_then_stays(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "UNREAD_MAX_S", NEVER_S)
    async with running(config) as server, raw_polling(server.url) as ada:
        for id in range(20):
            await ada.send(event("nothing of ours", id=id))
            await ada.polls_acks([id])
            poll = asyncio.create_task(ada.poll())  # waits longer than anything may be unread
            await until(lambda: len(backlog(server)._slow) == 0)
            time_is_up(backlog(server)._slow)
            await ada.send(event("nothing of ours", id=100 + id))
            assert await poll == 200
        assert overflowed(server) == 0


async def test_who_does_not_read_is_not_answered_any_more(server: Running) -> None:
    room_id = await full_room(server)
    async with wire(server, window=WINDOW) as deaf:
        await deaf.opens()
        await deaf.sits_down(room_id)
        deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
        asked = 40
        for id in range(10, 10 + asked):
            await deaf.says(masked(0x81, sync(room_id, id).encode()))
        await until(lambda: held(server) > line.FAR_BEHIND_BYTES)
        await server.app.realtime._context.database.probe()  # what was asked is answered by now
        assert held(server) < unread.UNREAD_MAX_BYTES
        assert overflowed(server) == 0
        # And every answer comes, in its order, once she reads.
        deaf.writer.transport.resume_reading()  # type: ignore[attr-defined]
        answers = await reads_acks(deaf, f"43{9 + asked}[")
        assert answers == [f"43{id}[" for id in range(10, 10 + asked)]


@pytest.mark.long("another server starts, and it waits")
async def test_inside_another_server_who_does_not_read_is_cut_off(config: Config) -> None:
    async with running(config, plain=True) as plain:
        room_id = await full_room(plain)
        async with wire(plain, window=WINDOW) as deaf:
            await deaf.opens()
            await deaf.sits_down(room_id)
            deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
            most = 0
            for id in range(200):
                if overflowed(plain):
                    break
                deaf.writer.write(masked(0x81, sync(room_id, id).encode()))
                await plain.app.realtime._context.database.probe()
                most = max(most, held(plain))
            await until(lambda: overflowed(plain) == 1)
            assert most < 2 * unread.UNREAD_MAX_BYTES
        await until(lambda: not held(plain))


async def reads_acks(client: Wire, last: str) -> list[str]:
    acks: list[str] = []
    while not acks or acks[-1] != last:
        packet = (await client.reads())[1]
        if packet.startswith(b"43"):
            acks.append(packet[: packet.index(b"[") + 1].decode())
    return acks


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """For this every `sync` waits."""
    may_be = asyncio.Event()

    async def waits(*_: object) -> None:
        await may_be.wait()

    monkeypatch.setitem(HANDLERS, "sync", waits)
    return may_be


async def test_large_packets_that_wait_for_their_turn_are_bounded(
    server: Running, answered: asyncio.Event
) -> None:
    """Sixty-four may wait, and sixty-four kilobytes of them."""
    room_id = await full_room(server)
    async with wire(server) as mallory:
        await mallory.opens()
        await mallory.sits_down(room_id)
        padding = {"room_id": room_id, "since": 0, "more": "x" * 60_000}
        for _ in range(64):
            mallory.writer.write(masked(0x81, event("sync", padding, id=1).encode()))
        await until(lambda: held(server) > 60_000)
        await server.app.realtime._context.database.probe()
        assert held(server) < 512 * 1024
        answered.set()
        await until(lambda: not held(server))
    await until(lambda: not held(server))


def _are_behind(server: Running, count: int) -> bool:
    return held(server) > count * line.FAR_BEHIND_BYTES


async def test_an_address_has_so_much_unread_and_no_more(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "ADDRESS_MAX_BYTES", 1_000_000)
    async with running(config) as server:
        room_id = await full_room(server)
        async with (
            wire(server, window=WINDOW) as one,
            wire(server, window=WINDOW) as two,
            wire(server, window=WINDOW) as three,
        ):
            for number, deaf in enumerate((one, two, three), 1):
                await deaf.opens()
                await deaf.sits_down(room_id)
                deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
                for id in range(20):
                    await deaf.says(masked(0x81, sync(room_id, id).encode()))
                if number < 3:
                    await until(functools.partial(_are_behind, server, number))
            await until(lambda: overflowed(server) == 1)
        await until(lambda: not held(server))


@pytest.mark.parametrize("piece_bytes", [answering.PIECE_BYTES, 4_096])
async def test_a_page_that_nobody_reads_is_cut_off_in_time(
    config: Config, monkeypatch: pytest.MonkeyPatch, piece_bytes: int
) -> None:
    monkeypatch.setattr(unread, "UNREAD_MAX_S", NEVER_S)
    # Of an answer in many pieces the end never comes, and what was asked next waits for it.
    monkeypatch.setattr(answering, "PIECE_BYTES", piece_bytes)
    async with running(config) as server:
        room_id = await full_room(server)
        async with wire(server, window=WINDOW) as deaf:
            deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
            ask = f"GET /api/conversations/{room_id} HTTP/1.1\r\n{HOST}\r\n".encode()
            await deaf.says(ask * 8)
            await until(lambda: held(server) > 0)
            await until(lambda: cut_off_in_time(server))
            deaf.writer.transport.resume_reading()  # type: ignore[attr-defined]
            assert not (await deaf.reads_to_the_end()).endswith(b"}")


async def test_an_address_with_much_unread_asks_for_pages_again_later(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "ADDRESS_MAX_BYTES", 100_000)
    async with running(config) as server:
        room_id = await full_room(server)
        answer = await answer_to(server, f"/api/conversations/{room_id}")
        assert answer.startswith(b"HTTP/1.1 429 ")
        assert b"retry-after: " in answer.lower()
        assert b'"code":"rate_limited"' in answer
        assert not held(server)


async def test_where_much_is_unread_nothing_is_put_together_in_vain(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(config) as server, raw_polling(server.url) as ada:
        room_id = await full_room(server)
        path = f"/api/conversations/{room_id}/messages"
        here, size = place_of("127.0.0.1"), int(unread.ADDRESS_MAX_BYTES * 0.9)
        database = server.app.realtime._context.database
        backlog(server).hold(here, size)
        with monkeypatch.context() as patched:
            patched.setattr(database, "read", None)
            assert (await answer_to(server, path)).startswith(b"HTTP/1.1 429 ")
        assert await ada.send("3") == 200  # who talks talks on
        backlog(server).hold(here, -size)
        assert (await answer_to(server, path)).startswith(b"HTTP/1.1 200 ")


async def answer_to(server: Running, path: str) -> bytes:
    async with wire(server) as asking:
        await asking.says(f"GET {path} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode())
        return await asking.reads_to_the_end()


@pytest.mark.longer
async def test_polling_clients_may_send_as_much_as_any(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = times(600, full=line.FRAMES_MAX)
    monkeypatch.setattr(socket, "FRAMES_MAX", most)
    async with running(config) as server, raw_polling(server.url) as mallory:
        # Engine.IO's pongs: nothing else counts them.
        assert await mallory.send(*["3"] * (most - 10)) == 200
        assert await mallory.send(*["3"] * 11) == 400
        assert await mallory.poll() == 400


@pytest.mark.long("those that poll tell most")
async def test_upgraded_clients_may_send_as_much_as_any(config: Config) -> None:
    async with (
        running(config) as server,
        raw_polling(server.url) as mallory,
        going_on(server, mallory) as upgraded,
    ):
        await changes_over(upgraded)
        await upgraded.says(masked(0x81, b"3") * line.FRAMES_MAX)
        assert await upgraded.reads_close() == 1008


async def test_what_is_posted_at_once_lets_others_have_their_turn(server: Running) -> None:
    turns, loop = 0, asyncio.get_running_loop()
    is_over = False

    def turn() -> None:
        nonlocal turns
        turns += 1
        if not is_over:
            loop.call_soon(turn)

    async with raw_polling(server.url) as mallory:
        packets = RECORD_SEPARATOR.join(["2[0]"] * 5_000)
        loop.call_soon(turn)
        assert await mallory.post(packets) == 400  # no such packets come from clients
        assert turns > 5_000 / socket.TURN_PACKETS
        is_over = True


async def test_what_is_posted_counts_while_it_waits_for_its_turn(
    server: Running, answered: asyncio.Event
) -> None:
    room_id = await full_room(server)
    async with raw_polling(server.url) as mallory:
        await mallory.send(event("join_room", {"room_id": room_id}, id=0))
        padded = {"room_id": room_id, "since": 0, "more": "x" * 60_000}
        large = [event("sync", padded, id=id) for id in range(1, 11)]
        posting = [asyncio.create_task(mallory.send(each)) for each in large]
        await until(lambda: held(server) > 9 * 60_000)
        answered.set()
        assert set(await asyncio.gather(*posting)) == {200}
        await mallory.polls_acks(range(1, 11))
    await until(lambda: not held(server))


@pytest.mark.parametrize(
    "length", [f"Content-Length: {100_000}\r\n", "Transfer-Encoding: chunked\r\n"]
)
async def test_half_a_request_counts_as_long_as_it_is_waited_for(
    server: Running, length: str
) -> None:
    body = b"x" * 90_000 if "Length" in length else b"%x\r\n%b\r\n" % (90_000, b"x" * 90_000)
    async with wire(server) as mallory:
        await mallory.says(
            f"POST /api/conversations/create HTTP/1.1\r\n{HOST}{length}\r\n".encode(), body
        )
        await until(lambda: held(server) >= 90_000)
    await until(lambda: not held(server))


async def test_half_a_frame_counts_as_long_as_it_is_waited_for(server: Running) -> None:
    whole = masked(0x81, event("nothing of ours", "x" * 60_000, id=1).encode())
    async with wire(server) as mallory:
        await mallory.opens()
        await mallory.says(masked(0x81, b"40"), whole[:50_000])
        await until(lambda: held(server) > 40_000)
        await mallory.says(whole[50_000:])
        await reads_until(mallory, b"431[")
        assert not held(server)
        await mallory.says(masked(0x01, b"x" * 50_000))  # the first of two fragments
        await until(lambda: held(server) > 40_000)
    await until(lambda: not held(server))


async def test_who_has_too_much_coming_is_as_good_as_gone(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "ADDRESS_MAX_BYTES", 50_000)
    async with running(config) as server, wire(server) as mallory:
        head = f"POST /conversations HTTP/1.1\r\n{HOST}Content-Length: 100000\r\n\r\n"
        await mallory.says(head.encode(), b"x" * 90_000)
        await mallory.reads_to_the_end()
        await until(lambda: not held(server))


async def test_an_upgraded_client_is_told_by_its_line_like_everybody(server: Running) -> None:
    ada = Person("Ada", server.url)
    room_id = await ada.starts()
    await ada.join(room_id)
    async with raw_polling(server.url) as ben, going_on(server, ben) as upgraded:
        await ben.send(event("join_room", {"room_id": room_id}, id=0))
        await ben.polls_acks([0])
        await changes_over(upgraded)
        await until(lambda: len(server.app.realtime.server._direct) == 2)
        await ada.say(room_id, "hello")
        await reads_until(upgraded, b'42["new_message"')
    await ada.goes_home()
