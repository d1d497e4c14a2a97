"""Whoever sends much has their turn, and leaves others theirs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from hypercorn.asyncio import task_group

from parley.config import Config
from parley.wire import connection, pace
from parley.wire.connection import piece_of_chunks
from parley.wire.gate import Gate
from parley.wire.pace import Pace
from tests.eventually import until
from tests.people import PATIENCE_S, Person
from tests.raw import event, raw_polling
from tests.servers import Running, running
from tests.uploading import uploads
from tests.wire.test_frames import masked
from tests.wire.test_http import connections
from tests.wire.test_line import wire
from tests.wire.test_upgrade import reads_until

HERE, THERE = "203.0.113.7", "203.0.113.8"


@pytest.fixture
async def server(config: Config) -> AsyncIterator[Running]:
    async with running(config) as started:
        yield started


class Turns:
    """Counts the turns of the event loop."""

    def __init__(self) -> None:
        self.count = 0
        self._loop = asyncio.get_running_loop()
        self._turn = self._loop.call_soon(self._next)

    def _next(self) -> None:
        self.count += 1
        self._turn = self._loop.call_soon(self._next)

    def stop(self) -> None:
        self._turn.cancel()


async def spends(by: Pace, place: str, packets: int) -> None:
    while packets:
        packets -= await by.turn(place, packets)


async def test_an_address_has_so_much_of_a_turn_and_no_more() -> None:
    by, turns = Pace(), Turns()
    await spends(by, HERE, 10 * pace.TURN_PACKETS)
    assert turns.count >= 9
    turns.stop()


async def test_others_do_not_wait_for_it() -> None:
    by = Pace()
    busy = asyncio.create_task(spends(by, HERE, 10 * pace.TURN_PACKETS))
    await asyncio.sleep(0)
    assert await by.turn(THERE, 8) == 8
    assert not busy.done()
    await busy


async def test_within_an_address_nobody_waits_for_all_of_another() -> None:
    by, order = Pace(), []

    async def client(name: str, packets: int) -> None:
        await spends(by, HERE, packets)
        order.append(name)

    await asyncio.gather(client("much", 20 * pace.TURN_PACKETS), client("little", 1))
    assert order == ["little", "much"]


async def test_who_has_used_up_the_burst_goes_on_at_the_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "BURST_PACKETS", 10.0)
    monkeypatch.setattr(pace, "PACKETS_PER_S", 100.0)
    by, loop = Pace(), asyncio.get_running_loop()
    began_s = loop.time()
    await spends(by, HERE, 40)
    assert loop.time() - began_s > 0.25


class Counted(Pace):
    """Counts how often it looks at who waits."""

    looks = 0

    def _next_turn(self) -> None:
        self.looks += 1
        super()._next_turn()


async def test_one_who_fails_keeps_nobody_waiting() -> None:
    class Failing:
        def go_on(self) -> None:
            raise ValueError("on purpose")

    by = Pace()
    by.spend(HERE, 0, of_turn=pace.TURN_PACKETS)
    by.wait(HERE, Failing())
    assert await by.turn(HERE) == 1


async def test_who_took_more_than_a_turn_has_the_next_ones_later() -> None:
    by = Counted()
    by.spend(HERE, 0, of_turn=5 * pace.TURN_PACKETS)
    await by.turn(HERE)
    assert by.looks >= 5


async def test_no_debt_is_longer_than_a_few_turns() -> None:
    by = Counted()
    by.spend(HERE, 0, of_turn=10**9)
    await by.turn(HERE)
    assert by.looks <= 2 + pace.DEBT_MAX // pace.TURN_PACKETS


async def test_those_who_wait_are_looked_at_once_a_turn_and_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "BURST_PACKETS", 10.0)
    monkeypatch.setattr(pace, "PACKETS_PER_S", 200.0)
    by, loop = Counted(), asyncio.get_running_loop()
    began_s = loop.time()
    await asyncio.gather(*(spends(by, HERE, 4) for _ in range(20)))
    assert by.looks <= 2 * (loop.time() - began_s) / pace.REST_S + 10


async def test_nobody_else_waits_while_an_address_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "REST_S", 60.0)
    monkeypatch.setattr(pace, "BURST_PACKETS", 100.0)
    monkeypatch.setattr(pace, "PACKETS_PER_S", 0.0)
    by = Pace()
    resting = asyncio.create_task(spends(by, HERE, 101))
    await until(lambda: bool(by._resting))
    async with asyncio.timeout(PATIENCE_S):
        await spends(by, THERE, 5 * pace.TURN_PACKETS)
    assert not resting.done()
    resting.cancel()


async def test_who_waits_and_goes_away_holds_nobody_up() -> None:
    by = Pace()
    await spends(by, HERE, pace.TURN_PACKETS)
    gone = asyncio.create_task(by.turn(HERE))
    asyncio.get_running_loop().call_soon(gone.cancel)
    await asyncio.wait([gone])
    assert await by.turn(HERE) == 1


async def test_without_limits_nobody_waits() -> None:
    by, turns = Pace(is_limited=False), Turns()
    assert await by.turn(HERE, 10_000) == 10_000
    assert turns.count == 0
    turns.stop()


async def test_addresses_that_are_gone_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SHARES_MAX", 10)
    monkeypatch.setattr(pace, "BURST_PACKETS", 0.0)
    by = Pace()
    for number in range(100):
        by.spend(f"198.51.100.{number}", 1)
        await until(lambda: not by._busy)
    assert len(by._shares) <= 11


async def test_frames_that_came_together_are_handled_in_turns_and_in_order(
    server: Running,
) -> None:
    async with wire(server) as ada:
        await ada.opens()
        asked = [event("nothing of ours", id=id) for id in range(500)]
        turns = Turns()
        await ada.says(b"".join(masked(0x81, each.encode()) for each in ["40", *asked]))
        answers = [each for each in await reads_until(ada, b"43499[") if each.startswith(b"43")]
        assert turns.count >= 500 / pace.TURN_PACKETS
        turns.stop()
        assert [int(each[2 : each.index(b"[")]) for each in answers] == list(range(500))


def _in_line(by: Pace) -> int:
    return sum(len(share.waiting) for share in by._shares.values())


def _serves(task: asyncio.Task[Any]) -> bool:
    """Whether it is Hypercorn's for a request."""
    return getattr(task.get_coro(), "__qualname__", "") == task_group._handle.__qualname__


ANOTHER = "127.0.0.2"
HEALTH = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.fixture
async def endless_turn(server: Running) -> AsyncIterator[Pace]:
    """A turn that goes on until the test is over, or has the next one begin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pace, "TURN_S", 3_600.0)
        endless = server.app.realtime.server.eio.pace
        yield endless
    endless._next_turn()
    await until(lambda: not _in_line(endless))


async def test_connections_that_come_together_begin_in_turns(
    server: Running, endless_turn: Pace
) -> None:
    async with contextlib.AsyncExitStack() as opened:
        crowd = [await opened.enter_async_context(wire(server)) for _ in range(8)]
        answers = [asyncio.create_task(client.opens()) for client in crowd]
        await until(lambda: _in_line(endless_turn) == 6)
        assert sum(answer.done() for answer in answers) <= 2
        async with wire(server, source=ANOTHER) as ada:
            assert b" 101 " in await ada.opens()
        crowd[7].writer.transport.abort()
        endless_turn._next_turn()
        await until(lambda: sum(answer.done() for answer in answers) >= 4)
        for answer in answers:
            answer.cancel()
        await asyncio.wait(answers)


async def test_nothing_is_made_for_a_request_before_its_turn(
    server: Running, endless_turn: Pace
) -> None:
    async with contextlib.AsyncExitStack() as opened:
        crowd = [await opened.enter_async_context(wire(server)) for _ in range(8)]
        for client in crowd:
            await client.says(HEALTH)
        await until(lambda: _in_line(endless_turn) >= 6)
        assert sum(map(_serves, asyncio.all_tasks())) <= 1
        async with wire(server, source=ANOTHER) as ada:
            await ada.says(HEALTH)
            assert b" 200 " in await ada._reader.readuntil(b"\r\n\r\n")


async def test_a_handshake_through_a_proxy_waits_for_the_turn_of_its_client(
    config: Config,
) -> None:
    proxied = replace(config, trusted_proxies=(ip_network("127.0.0.0/8"),))
    async with running(proxied) as server, contextlib.AsyncExitStack() as opened:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pace, "TURN_S", 3_600.0)
            by = server.app.realtime.server.eio.pace
            crowd = [await opened.enter_async_context(wire(server)) for _ in range(8)]
            mallory = [
                asyncio.create_task(client.opens(f"X-Forwarded-For: {HERE}\r\n"))
                for client in crowd
            ]
            await until(lambda: _in_line(by) == 6)
            ada = await opened.enter_async_context(wire(server))
            assert b" 101 " in await ada.opens(f"X-Forwarded-For: {THERE}\r\n")
        while _in_line(by):
            by._next_turn()
        assert all(b" 101 " in answer for answer in await asyncio.gather(*mallory))


def test_nobody_waits_for_more_than_a_few_seconds_whatever_they_sent() -> None:
    share = pace._Share(0.0)
    by = Pace()
    by._shares[HERE] = share
    by._is_due = True
    by.spend(HERE, 10**9)
    assert share.left >= -pace.PACKETS_PER_S


async def test_requests_of_a_client_that_is_gone_are_not_served(
    server: Running, endless_turn: Pace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wire(server) as mallory:
        await mallory.says(HEALTH * 50)
        await mallory.reads_head()
        await until(lambda: _in_line(endless_turn) == 1)
    served = 0
    serve = Gate.__call__

    async def counted(self: Gate, scope: Any, receive: Any, send: Any) -> None:
        nonlocal served
        served += 1
        await serve(self, scope, receive, send)

    monkeypatch.setattr(Gate, "__call__", counted)

    def is_over() -> bool:
        endless_turn._next_turn()
        return not connections()

    await until(is_over)
    assert served <= 2


async def test_a_body_in_small_chunks_is_read_in_turns(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    turn = Pace.turn_of_data

    async def noted(self: Pace, place: str, size: int) -> None:
        sizes.append(size)
        await turn(self, place, size)

    monkeypatch.setattr(Pace, "turn_of_data", noted)
    async with wire(server) as mallory:
        head = b"POST /api/conversations/create HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        await mallory.says(head + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 5_000)
        await until(lambda: sum(sizes) > 30_000)
    assert max(sizes) <= connection.HEAD_PIECE_BYTES
    assert len(sizes) > 30_000 / connection.CHUNKED_PIECE_BYTES * 0.8


async def test_a_file_in_long_chunks_leaves_its_address_what_it_had_saved_up(
    server: Running,
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield bytes(32_768)

    ada = Person("Ada", server.url)
    try:
        room_id = await ada.starts()
        await ada.joins_over_rest(room_id)
        assert (await uploads(ada, room_id, pieces()))["size"] == 3_276_800
    finally:
        await ada.goes_home()
    share = server.app.realtime.server.eio.pace._shares["127.0.0.1"]
    assert share.left > pace.BURST_PACKETS / 2


async def test_whoever_waits_as_the_server_stops_is_answered(config: Config) -> None:
    async with contextlib.AsyncExitStack() as opened:
        async with running(config) as server:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(pace, "TURN_S", 3_600.0)
                by = server.app.realtime.server.eio.pace
                crowd = [await opened.enter_async_context(wire(server)) for _ in range(20)]
                for client in crowd:
                    await client.says(HEALTH)
                await until(lambda: _in_line(by) >= 18)
        answers = [await client.reads_to_the_end() for client in crowd]
    assert [answer[9:12] for answer in answers] == [b"200"] * 20


async def test_a_large_answer_takes_more_of_a_turn(server: Running, endless_turn: Pace) -> None:
    async with wire(server) as ada:
        await ada.says(HEALTH.replace(b"/api/health", b"/openapi.json"))
        head = await ada.reads_head()
        assert b" 200 " in head
        size = int(head.lower().partition(b"content-length:")[2].split()[0])
        assert size > 4 * pace.DATA_BYTES
        share = endless_turn._shares["127.0.0.1"]
        await until(lambda: share.turn <= -(size // pace.DATA_BYTES))


async def test_joining_takes_more_of_a_turn_than_a_message(
    server: Running, endless_turn: Pace
) -> None:
    async with wire(server) as ada:
        await ada.opens()
        join = event("join_room", {"room_id": "nowhere", "username": "Ada"}, id=1)
        await ada.says(masked(0x81, b"40"), masked(0x81, join.encode()))
        await reads_until(ada, b"431[")
        await ada.says(masked(0x81, event("nothing of ours", id=2).encode()))
        await until(lambda: _in_line(endless_turn) == 1)


@pytest.mark.long("it waits for the client to go")
async def test_what_waits_for_its_turn_is_given_back_when_the_client_goes(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "BURST_PACKETS", 50.0)
    monkeypatch.setattr(pace, "PACKETS_PER_S", 1.0)
    backlog = server.app.realtime.server.eio.backlog
    async with wire(server) as mallory:
        await mallory.opens()
        await mallory.says(masked(0x81, event("nothing of ours").encode()) * 1_000)
        await until(lambda: sum(backlog._held.values()) > 10_000)
    monkeypatch.undo()  # or its turn, in which it turns out that it is gone, would come late
    await until(lambda: not backlog._held)


async def test_a_polling_client_has_its_turn_like_any_other(server: Running) -> None:
    async with raw_polling(server.url) as ada:
        turns = Turns()
        await ada.send(*(event("nothing of ours", id=id) for id in range(200)))
        assert turns.count >= 200 / pace.TURN_PACKETS
        turns.stop()
        await ada.polls_acks(range(200))
        assert [id for id, _ in ada.acks()] == list(range(200))


@pytest.mark.parametrize(("saved", "at_once"), [(1, 1), (-1, 2)], ids=["often", "seldom"])
async def test_an_address_that_asks_often_has_one_request_a_turn(
    monkeypatch: pytest.MonkeyPatch, saved: int, at_once: int
) -> None:
    monkeypatch.setattr(pace, "TURN_S", 3_600.0)
    by = Pace()
    by._share(HERE).left = pace.FREQUENT_BELOW - saved * pace.REQUEST_PACKETS
    asking = [asyncio.create_task(by.turn_of_request(HERE)) for _ in range(4)]
    await until(lambda: _in_line(by) == 4 - at_once)
    assert [task.done() for task in asking].count(True) == at_once
    by.release()
    await asyncio.gather(*asking)


async def test_what_waits_before_a_connection_begins_is_counted_and_given_back(
    server: Running, endless_turn: Pace
) -> None:
    endless_turn.spend("127.0.0.1", 0, of_turn=pace.TURN_PACKETS)
    backlog = server.app.realtime.server.eio.backlog
    async with wire(server) as mallory:
        await mallory.says(HEALTH)
        await until(lambda: backlog._held.get("127.0.0.1") == len(HEALTH))
    endless_turn._next_turn()  # in which it turns out that it is gone
    await until(lambda: not backlog._held)


async def test_connections_hold_no_more_than_their_address_may(
    server: Running, endless_turn: Pace, monkeypatch: pytest.MonkeyPatch
) -> None:
    backlog = server.app.realtime.server.eio.backlog
    monkeypatch.setattr(backlog, "_most_bytes", 2 * len(HEALTH))
    endless_turn.spend("127.0.0.1", 0, of_turn=pace.TURN_PACKETS)
    async with contextlib.AsyncExitStack() as opened:
        crowd = [await opened.enter_async_context(wire(server)) for _ in range(3)]
        for client in crowd[:2]:
            await client.says(HEALTH)
        await until(lambda: _in_line(endless_turn) == 2)
        await crowd[2].says(HEALTH)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await crowd[2].reads_head()
        assert _in_line(endless_turn) == 2


async def test_a_websocket_inside_another_server_waits_for_the_turn_of_its_address(
    config: Config,
) -> None:
    async with running(config, plain=True) as server:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pace, "TURN_S", 3_600.0)
            by = server.app.realtime.server.eio.pace
            by.spend("127.0.0.1", 0, of_turn=pace.TURN_PACKETS)
            async with wire(server) as mallory, wire(server, source=ANOTHER) as ada:
                answer = asyncio.create_task(mallory.opens())
                await until(lambda: _in_line(by) == 1)
                assert b" 101 " in await ada.opens()
                assert not answer.done()
                by._next_turn()
                assert b" 101 " in await answer


def test_one_address_is_forgotten_for_one_that_comes_but_none_that_waits() -> None:
    by = Pace()
    by._is_due = True  # nothing is called later: there is no event loop
    for number in range(pace.SHARES_MAX):
        by._share(f"198.51.100.{number}")
    waits, works = list(by._shares)[:2]
    by._shares[waits].waiting.append(NotNow())
    by._busy.add(by._shares[works])
    for number in range(10):
        by._share(f"203.0.113.{number}")
    assert len(by._shares) == pace.SHARES_MAX
    assert {waits, works} <= by._shares.keys()


class NotNow:
    def go_on(self) -> None:
        pass


async def test_fragments_count_as_frames(few_frames: int, server: Running) -> None:
    async with wire(server) as mallory:
        await mallory.opens()
        await mallory.says(masked(0x01, b"") + masked(0x00, b"") * (few_frames + 100))
        assert await mallory.reads_close() == 1008


@pytest.mark.parametrize(
    ("chunk_bytes", "at_once"), [(1, 512), (100, 512), (16_384, 65_536), (70_000, 65_536)]
)
def test_large_chunks_are_read_as_fast_as_what_has_a_length(chunk_bytes: int, at_once: int) -> None:
    chunk = b"%x\r\n%b\r\n" % (chunk_bytes, b"x" * chunk_bytes)
    data = chunk * (200_000 // len(chunk) + 1)
    pieces, at = [], 0
    while at < len(data):
        pieces.append(piece_of_chunks(data, at, 65_536))
        at += len(pieces[-1])
    assert b"".join(pieces) == data
    assert {len(piece) for piece in pieces[:-1]} == {at_once}
