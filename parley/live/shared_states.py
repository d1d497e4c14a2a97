"""What many who come at once are sent: read once and encoded once, whatever each knows already."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import msgspec
from msgspec import Struct

from parley import contract, present, records
from parley.domain import states

Frame = bytes
"""An event as it goes over a WebSocket."""
Read = Callable[[int | None], Awaitable[records.Recent]]
"""Reads the conversation, with what changed after a seq."""
Encode = Callable[[contract.ConversationState], Frame]

FRESH_S = contract.GATHER_S / 2
"""Whoever only reads along is sent a reading of so long ago, if nothing was told since."""
REST_S = contract.GATHER_S / 10
"""From one reading of a room to the next: so few are affordable however people trickle in, and
nobody notices that they waited."""
FRAMES_MAX = 32
"""Frames of one reading that are kept: most who come at once know the same."""


class State(Struct, frozen=True):
    """A conversation's state, as of `seq`; encoded already where many are sent it."""

    data: contract.ConversationState
    seq: int
    frame: Frame | None = None


class Arrival(Struct, frozen=True):
    """A socket that came, and what had happened then: its state may not be older."""

    since: int | None
    """All changes up to this seq are known to it."""
    is_person: bool
    """Whether it is somebody who joined: the state must tell of them too."""
    told: int
    """The highest seq that was told in the room."""
    unnumbered: int
    """How much else was told that changes a state."""
    reading: int
    """The number of the last reading that had begun."""


class Reading:
    """A conversation at one moment, cut and encoded for whoever is sent it."""

    def __init__(
        self, number: int, unnumbered: int, fresh_until: float, recent: records.Recent
    ) -> None:
        self.number = number
        self._unnumbered = unnumbered
        self._fresh_until = fresh_until
        self._recent = recent
        self._messages: dict[int, msgspec.Raw] = {}
        """Encoded, by seq."""
        self._people: msgspec.Raw | None = None
        self._states: dict[int | None, State] = {}
        """By what is known already."""

    def suits(self, arrival: Arrival, now: float) -> bool:
        """Whether nothing is missing from it for whoever came so."""
        begun_since = self.number > arrival.reading
        return (begun_since or self._is_fresh(arrival, now)) and states.reaches(
            self._recent, arrival.since
        )

    def state(self, since: int | None, encode: Encode) -> State:
        state = self._states.get(since)
        if state is not None:
            return state
        snapshot = self._recent.snapshot
        if since is not None:
            snapshot = states.known_up_to(self._recent, since)
            if not snapshot.is_delta:
                return self.state(None, encode)
        data = as_wire(snapshot, self._encoded(snapshot))
        state = State(data, snapshot.conversation.seq, encode(data))
        if len(self._states) >= FRAMES_MAX:
            self._states.clear()
        self._states[since] = state
        return state

    def _is_fresh(self, arrival: Arrival, now: float) -> bool:
        known = max(arrival.told, arrival.since or 0)
        return (
            not arrival.is_person
            and now < self._fresh_until
            and self._recent.snapshot.conversation.seq >= known
            and self._unnumbered == arrival.unnumbered
        )

    def _encoded(self, snapshot: records.Snapshot) -> present.Parts:
        """Its parts as they are written into every frame."""
        if self._people is None:
            self._people = _raw(present.people(snapshot.participants, snapshot.online))
        return present.Parts(
            cast(list[contract.Participant], self._people),
            [cast(contract.Message, self._message(said)) for said in snapshot.messages],
        )

    def _message(self, said: records.Message) -> msgspec.Raw:
        raw = self._messages.get(said.seq)
        if raw is None:
            raw = self._messages[said.seq] = _raw(present.message(said))
        return raw


class Readings:
    """The readings of one room: one at a time, each for all who came before it began."""

    def __init__(self) -> None:
        self.begun = 0
        """The number of the last that began."""
        self._latest: Reading | None = None
        self._under_way: asyncio.Task[Reading] | None = None
        self._farthest: int | None = None
        """Of those who wait for the next: the since of who was away longest."""
        self._rests_until = 0.0

    async def reading(self, arrival: Arrival, unnumbered: Callable[[], int], read: Read) -> Reading:
        """One that misses nothing for whoever came. Raises what `read` raises."""
        loop, reading = asyncio.get_running_loop(), self._latest
        while reading is None or not reading.suits(arrival, loop.time()):
            self._wish(arrival.since)
            if self._under_way is None:
                self._under_way = loop.create_task(self._read(unnumbered, read))
            reading = await asyncio.shield(self._under_way)
        return reading

    def _wish(self, since: int | None) -> None:
        if since is not None:
            self._farthest = since if self._farthest is None else min(since, self._farthest)

    async def _read(self, unnumbered: Callable[[], int], read: Read) -> Reading:
        loop = asyncio.get_running_loop()
        try:
            if (rest_s := self._rests_until - loop.time()) > 0:
                await asyncio.sleep(rest_s)
            self.begun += 1
            told, (since, self._farthest) = unnumbered(), (self._farthest, None)
            self._rests_until = loop.time() + REST_S
            fresh_until = loop.time() + FRESH_S
            reading = self._latest = Reading(self.begun, told, fresh_until, await read(since))
            loop.call_later(FRESH_S, self._let_go_of, reading)
            return reading
        finally:
            self._under_way = None

    def _let_go_of(self, reading: Reading) -> None:
        """Nobody is sent it any more, and it may be megabytes."""
        if self._latest is reading:
            self._latest = None


def as_wire(
    snapshot: records.Snapshot, parts: present.Parts | None = None
) -> contract.ConversationState:
    conversation = present.conversation(snapshot, parts)
    return contract.ConversationState(conversation=conversation, room_id=conversation.room_id)


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
