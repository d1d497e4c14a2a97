"""Whoever sends much has their turn, and leaves others theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from parley.config import Config
from parley.wire import pace
from parley.wire.pace import Pace
from tests.eventually import until
from tests.people import PATIENCE_S
from tests.raw import event, raw_polling
from tests.servers import Running, running
from tests.wire.test_frames import masked
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
    assert await asyncio.wait_for(by.turn(THERE, 8), 0.1) == 8
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
    await until(lambda: by._resting)
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
        await asyncio.sleep(0)
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
    await until(lambda: not backlog._held)


async def test_a_polling_client_has_its_turn_like_any_other(server: Running) -> None:
    async with raw_polling(server.url) as ada:
        turns = Turns()
        await ada.send(*(event("nothing of ours", id=id) for id in range(200)))
        assert turns.count >= 200 / pace.TURN_PACKETS
        turns.stop()
        await ada.polls_acks(range(200))
        assert [id for id, _ in ada.acks()] == list(range(200))


async def test_fragments_count_as_frames(server: Running) -> None:
    async with wire(server) as mallory:
        await mallory.opens()
        await mallory.says(masked(0x01, b"") + masked(0x00, b"") * 6_100)
        assert await mallory.reads_close() == 1008
