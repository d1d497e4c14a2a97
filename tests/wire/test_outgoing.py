"""How frames wait to be written: together where they can, always in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from parley.wire.outgoing import CROWD, REST_MAX_S, Due, Outgoing
from tests.people import PATIENCE_S


class Line:
    """Keeps what it was given, write by write."""

    def __init__(self) -> None:
        self.pending: list[bytes] = []
        self.due = Due.NOTHING
        self.written: list[bytes] = []
        self.put: Callable[[bytes], object] = self._put
        self.wrote = asyncio.Event()

    def _put(self, data: bytes) -> None:
        self.written.append(data)
        self.wrote.set()

    async def has(self, count: int) -> list[bytes]:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.written) < count:
                self.wrote.clear()
                await self.wrote.wait()
        return self.written


def crowd() -> list[Line]:
    return [Line() for _ in range(CROWD)]


async def test_what_one_turn_says_to_one_is_one_write() -> None:
    outgoing, line, other = Outgoing(), Line(), Line()
    for frame in (b"a", b"b"):
        outgoing.write(line, frame)
        outgoing.write(other, frame)
    assert line.written == []
    assert await line.has(1) == [b"ab"]
    assert await other.has(1) == [b"ab"]
    outgoing.write(line, b"c")
    assert await line.has(2) == [b"ab", b"c"]


async def test_few_are_written_to_at_once() -> None:
    outgoing, few = Outgoing(), crowd()[1:]
    outgoing.spread(few, b"a")
    await few[0].has(1)
    outgoing.spread(few, b"b")
    await asyncio.wait_for(few[-1].has(2), PATIENCE_S)
    assert [line.written for line in few] == [[b"a", b"b"]] * len(few)


async def test_a_crowd_that_rests_is_written_to_once_for_all_that_was_said() -> None:
    outgoing, many = Outgoing(), crowd()
    slow = many[0]

    def takes_a_while(data: bytes) -> None:
        slow.written.append(data)
        until = time.monotonic() + REST_MAX_S
        while time.monotonic() < until:
            pass

    slow.put = takes_a_while
    outgoing.spread(many, b"a")
    await many[-1].has(1)
    for frame in (b"b", b"c", b"d"):
        outgoing.spread(many, frame)
        await asyncio.sleep(0)  # another turn
    assert await many[-1].has(2) == [b"a", b"bcd"]
    assert slow.written == [b"a", b"bcd"]


async def test_who_is_told_something_of_their_own_gets_what_waits_with_it() -> None:
    outgoing, many = Outgoing(), crowd()
    outgoing._rests_until_s = time.monotonic() + PATIENCE_S  # until the test has ended
    outgoing.spread(many, b"a")
    outgoing.write(many[3], b"b")
    outgoing.spread(many, b"c")
    assert await many[3].has(1) == [b"abc"]
    assert many[4].written == []
    assert many[4].pending == [b"a", b"c"]


async def test_nothing_is_written_twice() -> None:
    outgoing, many = Outgoing(), crowd()
    outgoing.spread(many, b"a")
    outgoing.write(many[0], b"b")
    await many[1].has(1)
    outgoing.spread(many, b"c")
    outgoing.write(many[0], b"d")
    await many[1].has(2)
    assert many[0].written == [b"ab", b"cd"]
