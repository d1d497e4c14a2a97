"""Taking turns: nobody has more of the event loop at once than others can wait for.

What comes in is handled in the order of the network, and one address can send thousands of packets
on hundreds of connections at once. So each address has so much of a turn, and so many packets a
second; what is more waits for a later turn, first in the network and then with whoever sent it.
Nothing is lost or refused by it.

A turn is a time, several turns of the event loop: a message needs six of those on its way through
the server, and would meet the same address in each.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

TURN_PACKETS = 16
"""Of one address, in `TURN_S`: one or two milliseconds of work."""
AT_A_TIME = 4
"""Of one client whose address has others waiting, before they have their turn."""
PACKETS_PER_S = 1_000.0
"""Of one address: a tenth of a core, and more than a school types."""
BURST_PACKETS = 2_000.0
"""It may save up so many: a school that comes back after a restart."""
REQUEST_PACKETS = 3
"""What a request over HTTP counts as, and the handshake of a WebSocket."""
REFUSAL_PACKETS = 7
"""And so many more one that is refused because too many came: to refuse costs as much as to answer,
and is of use to nobody."""
REQUEST_OF_TURN = 8
"""And of the turn: they come less often, and cost as much at once."""
FREQUENT_BELOW = BURST_PACKETS / 2
FREQUENT_OF_TURN = TURN_PACKETS
"""Of an address that has saved up no more than that, a request has a turn to itself: who talks
meanwhile waits for one, not for two. A page with all its files takes less than a tenth of what an
address may save up."""
LONG_OF_TURN = 32
"""What joining, and other events that look at more than one thing, count as, of the turn alone."""
OPENING_OF_TURN = 4
"""What the first words of a connection count as, of the turn alone."""
DATA_OF_TURN = 4
DATA_BYTES = 4_096
"""What came over HTTP at once counts as so much of the turn, and one more for so many bytes: it has
to be taken apart. So many bytes of an answer count as one, too."""
FILE_BYTES = 65_536
"""So many bytes of a file that comes count as one of the turn."""
DEBT_MAX = 512
"""Whoever took more than a turn has the next ones later, so many packets' worth at the most."""
TURN_S = 0.002
REST_S = 0.01
"""Whoever has used up what they had waits so long at least, for several packets at once."""
SHARES_MAX = 4_096
LOOKS = 4
"""Addresses that are known; of more, one is forgotten for each that comes, if one of so many does
not wait."""


class Waiting(Protocol):
    """Somebody whose packets wait."""

    def go_on(self) -> None:
        """Ask for `room` again, and use it."""


class _Share:
    """Of one address."""

    __slots__ = ("is_called", "left", "since_s", "turn", "waiting")

    def __init__(self, now_s: float) -> None:
        self.left = BURST_PACKETS
        self.since_s = now_s
        self.turn = TURN_PACKETS
        self.waiting: deque[Waiting] = deque()
        self.is_called = False
        """Whether those who wait have their turn."""

    def refill(self, now_s: float) -> None:
        self.left = min(BURST_PACKETS, self.left + (now_s - self.since_s) * PACKETS_PER_S)
        self.since_s = now_s


class Pace:
    """Of everybody, by address. `is_limited` false lets everybody do all at once."""

    def __init__(self, *, is_limited: bool = True) -> None:
        self.is_limited = is_limited
        self._shares: dict[str, _Share] = {}
        self._busy: set[_Share] = set()
        """Who did something in this turn, or waits for the next."""
        self._resting: set[_Share] = set()
        """Who waits, and has used up what it had."""
        self._is_due = False
        """Whether the next turn is asked for."""

    def room(self, place: str) -> int:
        """How many packets of this address may be handled now; 0 where it must `wait`."""
        if not place:
            return TURN_PACKETS  # whom nobody knows apart: they are others' to hold back
        share = self._shares.get(place)
        if share is None:
            return TURN_PACKETS
        if share.waiting and not share.is_called:
            return 0
        if share.left < TURN_PACKETS:
            share.refill(time.monotonic())
        most = share.turn if share.left >= share.turn else int(share.left)
        if most > AT_A_TIME and share.is_called:
            return AT_A_TIME
        return most if most > 0 else 0

    def spend(self, place: str, packets: int, *, of_turn: int | None = None) -> None:
        """So many were handled; of the turn they took as much, or `of_turn`."""
        if not place:
            return
        share = self._share(place)
        share.left = max(-PACKETS_PER_S, share.left - packets)
        share.turn = max(-DEBT_MAX, share.turn - (packets if of_turn is None else of_turn))
        self._busy.add(share)
        self._call_again()

    def spend_on_answer(self, place: str, size: int) -> None:
        """So many bytes were answered over HTTP, which had to be read and put together."""
        if self.is_limited:
            self.spend(place, 0, of_turn=size // DATA_BYTES)

    def spend_on_refusal(self, place: str) -> None:
        """A request was told that it came too soon after others."""
        if self.is_limited:
            self.spend(place, REFUSAL_PACKETS, of_turn=0)

    def spend_on_handshake(self, place: str) -> None:
        """A WebSocket was asked for with a connection's first words."""
        self.spend(place, REQUEST_PACKETS, of_turn=OPENING_OF_TURN + REQUEST_OF_TURN)

    def is_frequent(self, place: str) -> bool:
        """Whether so much came from this address that it has little saved up."""
        share = self._shares.get(place)
        return share is not None and share.left < FREQUENT_BELOW

    def release(self) -> None:
        """Have everybody who waits go on at once, and nobody wait any more: the server stops."""
        self.is_limited = False
        for share in list(self._shares.values()):
            while share.waiting:
                _go_on(share.waiting.popleft())

    def wait(self, place: str, who: Waiting) -> None:
        """Have it go on as soon as its address has room, after the others of it."""
        share = self._share(place)
        share.waiting.append(who)
        if share not in self._resting:
            self._busy.add(share)
            self._call_again()

    async def turn(self, place: str, packets: int = 1) -> int:
        """Wait for room for so many, or the first of more; how many that are, which count."""
        return await self._await_turn(place, packets, None)

    async def turn_of_request(self, place: str) -> None:
        """Wait until a request may begin, which then counts."""
        await self._await_turn(place, REQUEST_PACKETS, REQUEST_OF_TURN)

    async def turn_of_data(self, place: str, size: int) -> None:
        """Wait until so many bytes that came over HTTP may be read, which then count."""
        await self._await_turn(place, 1, DATA_OF_TURN + size // DATA_BYTES)

    async def turn_of_file(self, place: str, size: int) -> None:
        """The same for a piece of a body that is longer than any we take apart: a file, which goes
        to the disk as it is.
        """
        await self._await_turn(place, 0, 1 + size // FILE_BYTES)

    async def _await_turn(self, place: str, packets: int, of_turn: int | None) -> int:
        if not self.is_limited:
            return packets
        ticket = _Ticket(self, place, packets, of_turn)
        ticket.go_on()
        if not ticket.given.done():
            self.wait(place, ticket)
        return await ticket.given

    def _share(self, place: str) -> _Share:
        share = self._shares.get(place)
        if share is None:
            if len(self._shares) >= SHARES_MAX:
                self._forget_one()
            share = self._shares[place] = _Share(time.monotonic())
        return share

    def _forget_one(self) -> None:
        """Of the first few, which are known the longest, one who does not wait."""
        for place in list(itertools.islice(self._shares, LOOKS)):
            share = self._shares[place]
            if not share.waiting and share not in self._busy:
                del self._shares[place]
                return
            # Another time: it is as good as new.
            self._shares[place] = self._shares.pop(place)

    def _call_again(self) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_later(TURN_S, self._next_turn)

    def _next_turn(self) -> None:
        busy, self._busy = self._busy, set()
        for share in busy:
            share.turn = min(TURN_PACKETS, share.turn + TURN_PACKETS)
            self._call(share)
            if share.waiting:
                self._wait_on(share)
            elif share.turn < TURN_PACKETS:
                self._busy.add(share)
        self._is_due = False
        if self._busy:
            self._call_again()

    def _wait_on(self, share: _Share) -> None:
        if share.left >= 1:
            self._busy.add(share)
            return
        if not self._resting:
            asyncio.get_running_loop().call_later(REST_S, self._end_rest)
        self._resting.add(share)

    def _end_rest(self) -> None:
        self._busy |= self._resting
        self._resting.clear()
        self._call_again()

    def _call(self, share: _Share) -> None:
        share.refill(time.monotonic())
        share.is_called = True
        for _ in range(len(share.waiting)):
            if share.turn < 1 or share.left < 1:
                break
            _go_on(share.waiting.popleft())
        share.is_called = False


def _go_on(who: Waiting) -> None:
    try:
        who.go_on()
    except Exception:  # one who fails must not keep everybody waiting for ever
        log.exception("turn_failed")


class _Ticket:
    """Of somebody who awaits their turn."""

    def __init__(self, pace: Pace, place: str, packets: int, of_turn: int | None) -> None:
        self.given: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._pace = pace
        self._place = place
        self._packets = packets
        self._of_turn = of_turn

    def go_on(self) -> None:
        if self.given.done():
            return  # who gave up meanwhile
        if not self._pace.is_limited:
            self.given.set_result(self._packets)
        elif most := self._pace.room(self._place):
            most = min(most, self._packets)
            of_turn = self._of_turn
            if of_turn == REQUEST_OF_TURN and self._pace.is_frequent(self._place):
                of_turn = FREQUENT_OF_TURN
            self._pace.spend(self._place, most, of_turn=of_turn)
            self.given.set_result(most)
