"""What is carried between processes: whole, once, in order, and missed where it was lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from parley.bus import CarrierFailed, hints, shared
from parley.bus.hints import Hint
from parley.bus.shared import SharedBus
from parley.records import (
    ConversationEnded,
    Event,
    GrantsTakenBack,
    Message,
    MessageSent,
    SessionRenewed,
    TypingChanged,
)
from tests.eventually import until

KEY = b"of all processes"
AT = datetime(2026, 5, 4, 3, 2, 1, 7_000, UTC)


def said(seq: int, text: str = "Hello 👋") -> MessageSent:
    return MessageSent(
        Message(7, seq, f"{seq}-x", seq, "ada-1", "Ada", text, "text", AT, client_id=None)
    )


class Wire:
    """What joins the carriers of all processes of a test, in this one."""

    def __init__(self) -> None:
        self.carriers: list[Carrier] = []
        self.loses: Callable[[str], bool] = lambda text: False
        self.copies = 1

    def carrier(self) -> Carrier:
        made = Carrier(self)
        self.carriers.append(made)
        return made


class Carrier:
    longest = 4_000
    gather_s = 0.0

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._took: Callable[[str], None] | None = None
        self.is_down = False

    async def send(self, texts: list[str]) -> None:
        if self.is_down:
            raise CarrierFailed("is down")
        for text in texts:
            assert len(text.encode()) <= self.longest
            if not self._wire.loses(text):
                for each in self._wire.carriers:
                    for _ in range(self._wire.copies):
                        if each._took is not None:
                            each._took(text)

    async def receive(self, ready: Callable[[], None], took: Callable[[str], None]) -> None:
        self._took = took
        ready()
        try:
            await asyncio.Event().wait()
        finally:
            self._took = None

    async def close(self) -> None:
        pass


class Process:
    def __init__(self, wire: Wire, name: str) -> None:
        self.carrier = wire.carrier()
        self.bus = SharedBus(self.carrier, name)
        self.bus.key = KEY
        self.heard: list[Event] = []
        self.elsewhere: list[Event] = []
        self.looked: list[int] = []
        self.missed = 0
        self.bus.subscribe(self.heard.append)
        self.bus.subscribe_elsewhere(self.elsewhere.append)
        self.bus.look = self.looked.append
        self.bus.missed = self._miss

    def _miss(self) -> None:
        self.missed += 1


@contextlib.asynccontextmanager
async def two(wire: Wire) -> AsyncIterator[tuple[Process, Process]]:
    both = Process(wire, "one"), Process(wire, "two")
    tasks = [asyncio.create_task(each.bus.run()) for each in both]
    try:
        await until(lambda: not any(each.bus.is_away for each in both))
        await until(lambda: all(len(each.bus._peers) == 2 for each in both))
        # What is said before both know each other may be missed.
        for each in both:
            each.missed = 0
            await until(lambda each=each: not each.bus._was_away)  # type: ignore[misc]
            each.missed = 0
        yield both
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(
    "event",
    [
        said(3),
        TypingChanged(7, "ada-1", "Ada", True),
        ConversationEnded(7, "room", 4, AT),
        GrantsTakenBack(7, (1, 2), is_open=True),
        SessionRenewed(5, None),
    ],
)
def test_an_event_comes_as_it_was(event: Event) -> None:
    [text] = hints.texts("one", [hints.of(1, event)], key=KEY, longest=8_000)
    process, [hint] = hints.read(text, key=KEY)
    assert (process, hint.number) == ("one", 1)
    assert hints.event_in(hint) == event


def test_what_is_too_large_goes_bare_and_many_go_in_several() -> None:
    some = [hints.of(1, said(1, "x" * 9_000)), *(hints.of(n, said(n)) for n in range(2, 40))]
    texts = list(hints.texts("one", some, key=KEY, longest=4_000))
    assert len(texts) > 1
    assert all(len(text.encode()) <= 4_000 for text in texts)
    found: list[Hint] = [hint for text in texts for hint in hints.read(text, key=KEY)[1]]
    assert [hint.number for hint in found] == list(range(1, 40))
    assert hints.event_in(found[0]) is None
    assert (found[0].conversation, found[0].seq) == (7, 1)
    assert hints.event_in(found[1]) == said(2)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", '["one"]', '["one",[["x"]]]', "[1,[]]", "\x00"),
        *('["one",[]]', '["one",[[-1]]]', '["one",[[1,18446744073709551615]]]', '["one",[[1]]]é'),
    ],
)
def test_what_is_none_of_ours_is_unreadable(text: str) -> None:
    sealed = hints._seal(text.encode(), KEY) + text
    for each in (text, sealed):
        with pytest.raises(ValueError, match=r".+"):
            hints.read(each, key=KEY)


@pytest.mark.parametrize(
    "text",
    [
        '["two",[]]',
        '["two",[[9000000000000,7,0,null]]]',
        '["one",[[1,7,1,' + "[" * 100_000,
        "é" * 40,
        "\ud800",
        next(hints.texts("one", [hints.of(9_000, said(1))], key=b"of others", longest=4_000)),
    ],
)
async def test_what_others_say_there_is_not_believed(text: str) -> None:
    wire = Wire()
    async with two(wire) as (one, other):
        assert other.carrier._took is not None
        other.carrier._took(text)
        one.bus.publish(said(2))
        await until(lambda: other.heard == [said(2)])
        assert other.missed == 0
        assert set(other.bus._peers) == {"one", "two"}


async def test_what_was_said_long_ago_cannot_be_said_again() -> None:
    wire = Wire()
    async with two(wire) as (one, other):
        kept: list[str] = []
        wire.loses = lambda text: bool(kept.append(text))  # type: ignore[func-returns-value]
        one.bus.publish(TypingChanged(7, "ada-1", "Ada", True))
        await until(lambda: len(other.heard) == 1)
        other.bus._peers["one"].heard_s -= 3_600
        other.bus._forget_silent()
        for text in kept:
            other.carrier._took(text)  # type: ignore[misc]
        assert len(other.heard) == 1


async def test_events_come_once_and_in_order_to_the_others_too() -> None:
    wire = Wire()
    wire.copies = 2
    async with two(wire) as (one, other):
        for seq in range(1, 50):
            one.bus.publish(said(seq))
        assert one.heard == [said(seq) for seq in range(1, 50)]
        await until(lambda: len(other.heard) == 49)
        assert other.heard == other.elsewhere == one.heard
        assert one.elsewhere == []
        assert other.missed == 0


async def test_what_one_said_itself_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "BEAT_EVERY_S", 3_600.0)
    wire = Wire()
    async with two(wire) as (one, other):
        one_read: list[str] = []
        read = hints.read

        def noted(text: str, *, key: bytes) -> tuple[str, tuple[Hint, ...]]:
            process, found = read(text, key=key)
            one_read.append(process)
            return process, found

        monkeypatch.setattr(hints, "read", noted)
        one.bus._back_s = 0.0
        one.bus.publish(said(1))
        await until(lambda: other.heard == [said(1)])
        assert one.bus._back_s > 0.0  # it knew it
        assert one_read == ["one"]  # and only the other one read it
        # Of others who know its seal, nothing is taken for it.
        one.bus._expect(["a" * hints.SEAL_CHARS + "words"], 1_000)
        one.bus._back_s = 0.0
        one.carrier._took("a" * hints.SEAL_CHARS + "other words")  # type: ignore[misc]
        assert one.bus._back_s == 0.0
        assert len(one_read) == 1
        assert not one.bus._out


async def test_no_more_than_some_of_what_was_said_is_remembered() -> None:
    wire = Wire()
    async with two(wire) as (one, other):
        wire.loses = lambda text: True
        for seq in range(shared.OUT_MAX + 20):
            one.bus.publish(said(seq))
            await until(lambda: not one.bus._waiting)
        assert len(one.bus._out) <= shared.OUT_MAX
        wire.loses = lambda text: False
        await until(lambda: other.missed > 0)


async def test_what_was_lost_is_missed_at_the_next() -> None:
    wire = Wire()
    async with two(wire) as (one, other):
        wire.loses = lambda text: "lost words" in text
        one.bus.publish(said(1, "lost words"))
        await until(lambda: not one.bus._waiting)
        wire.loses = lambda text: False
        await until(lambda: other.missed > 0)
        assert other.heard == []
        one.bus.publish(said(2))
        await until(lambda: other.heard == [said(2)])


@pytest.mark.long("it waits for both")
async def test_who_does_not_hear_itself_is_away_and_then_back() -> None:
    wire = Wire()
    with capture_logs() as log:
        async with two(wire) as (one, other):
            assert log == [], "at a start nothing was away"
            await goes_away_and_comes_back(one, other)
    assert [each["event"] for each in log] == ["bus_is_away", "bus_is_back"]


async def goes_away_and_comes_back(one: Process, other: Process) -> None:
    one.carrier.is_down = True
    one.bus.publish(said(1))
    await until(lambda: one.bus.is_away)
    await until(lambda: one.missed > 0)
    assert not other.bus.is_away
    one.carrier.is_down = False
    await until(lambda: not one.bus.is_away)
    one.bus.publish(said(2))
    await until(lambda: said(2) in other.heard)
    assert other.missed > 0


async def test_only_what_is_wanted_is_decoded_and_what_came_bare_is_looked_up() -> None:
    wire = Wire()
    async with two(wire) as (one, other):
        other.bus.wants = lambda conversation_id: False
        one.bus.publish(said(1))
        one.bus.publish(TypingChanged(7, "ada-1", "Ada", True))
        await until(lambda: len(other.heard) == 1)
        other.bus.wants = lambda conversation_id: True
        one.bus.publish(said(2, "x" * 5_000))
        await until(lambda: other.looked == [7])


async def test_a_subscriber_that_fails_keeps_nothing_from_the_others() -> None:
    wire = Wire()
    async with two(wire) as (one, other):

        def fail(event: Event) -> None:
            raise ValueError

        other.bus.subscribe_elsewhere(fail)
        one.bus.publish(said(1))
        await until(lambda: other.heard == [said(1)])


async def test_whoever_starts_knows_all_others_before_a_second_beat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared, "BEAT_EVERY_S", 3_600.0)
    wire = Wire()
    processes = [Process(wire, name) for name in ("one", "two", "three")]
    tasks = []
    try:
        for number, each in enumerate(processes):
            tasks.append(asyncio.create_task(each.bus.run()))
            await each.bus.wait_until_heard()
            assert not each.bus.is_away
            await until(
                lambda n=number: all(len(p.bus._peers) == n + 1 for p in processes[: n + 1])  # type: ignore[misc]
            )
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_start_waits_for_a_bus_that_is_down_for_a_bounded_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared, "STARTS_WITHIN_S", 0.2)
    one = Process(Wire(), "one")
    one.carrier.is_down = True
    running = asyncio.create_task(one.bus.run())
    try:
        await one.bus.wait_until_heard()
        assert one.bus.is_away
        one.carrier.is_down = False
        await until(lambda: not one.bus.is_away)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
