"""The sockets in one conversation, and what each has been told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from parley import contract, records
from parley.live.shared_states import Readings

PASSING = frozenset(("user_typing", "room_position"))
"""Events that change nothing of a state."""


class Sender(Protocol):
    def send_to(
        self, sids: Iterable[str], event: str, data: object, seq: int | None = None
    ) -> None: ...


@dataclass(slots=True)
class Gathered:
    """Comings and goings that were not told yet."""

    joined: records.ParticipantArrived | None = None
    left: records.ParticipantLeft | None = None
    count: int = 0
    participant_count: int = 0
    """After the last of them."""

    def add(self, event: records.ParticipantArrived | records.ParticipantLeft) -> None:
        self.count += 1
        self.participant_count = event.participant_count
        if isinstance(event, records.ParticipantArrived):
            self.joined = event
        else:
            self.left = event


@dataclass(slots=True)
class Crowd:
    """A room of so many that a state of some moments ago does, and names can wait."""

    gathered: Gathered = field(default_factory=Gathered)
    readings: Readings = field(default_factory=Readings)


@dataclass(frozen=True, slots=True)
class _Held:
    event: str
    data: object
    seq: int | None


@dataclass(slots=True)
class _Arrival:
    """A socket whose state is being read: what happens meanwhile waits, to come after it."""

    user_id: str | None
    state_seq: int | None = None
    held: list[_Held] = field(default_factory=list)


class Room:
    """Delivers each event once, and after the state it is not part of."""

    def __init__(self) -> None:
        self.is_over = False
        """Whether the conversation ended while somebody was here."""
        self._seated: dict[str, str | None] = {}
        self._arriving: dict[str, _Arrival] = {}
        self._sids_of: dict[str, list[str]] = {}
        """The sockets of each person: among thousands they are not searched for."""
        self._changed_to: int | None = None
        self.erased_through = 0
        """Up to where those here were told that all is erased."""
        self.told = 0
        """The highest seq that was told here."""
        self.unnumbered = 0
        """How much was told here that has no seq, and changes the state all the same."""
        self.crowd: Crowd | None = None
        """What is spared while many come and go; None while few are here."""

    def gathering(self, coming: int = 0) -> Crowd | None:
        """The crowd, if many are here, or coming, or were and are not told of yet."""
        if max(coming, len(self._seated) + len(self._arriving)) > contract.CROWD:
            self.crowd = self.crowd or Crowd()
        elif self.crowd is not None and not self.crowd.gathered.count:
            self.crowd = None
        return self.crowd

    @property
    def is_empty(self) -> bool:
        return not self._seated and not self._arriving

    @property
    def sids(self) -> list[str]:
        """Every socket here."""
        return [*self._seated, *self._arriving]

    def people(self) -> list[str]:
        """The sockets of those who take part, and have a state."""
        seated = [sid for sid, user_id in self._seated.items() if user_id is not None]
        coming = [
            sid
            for sid, arrival in self._arriving.items()
            if arrival.user_id is not None and arrival.state_seq is not None
        ]
        return seated + coming

    @property
    def seated(self) -> list[str]:
        """The sockets that have a state, and all that was told since."""
        return list(self._seated)

    def moved_to(self, seq: int) -> None:
        """All up to this seq was told, or is known to be asked for."""
        self._changed_to = seq
        self.told = max(self.told, seq)
        for sid, arrival in list(self._arriving.items()):
            if arrival.state_seq is not None and self.told >= arrival.state_seq:
                self._seat(sid)

    def sids_of(self, user_id: str) -> list[str]:
        return list(self._sids_of.get(user_id, ()))

    def arrive(self, sid: str, user_id: str | None) -> None:
        """From now on nothing is lost for this socket; `settle` it once its state was sent."""
        self.remove(sid)
        self._arriving[sid] = _Arrival(user_id)
        if user_id is not None:
            self._sids_of.setdefault(user_id, []).append(sid)

    def settle(self, sender: Sender, sid: str, state_seq: int) -> None:
        """Its state, as of `state_seq`, was sent: send what happened since."""
        arrival = self._arriving[sid]
        arrival.state_seq = state_seq
        held, arrival.held = arrival.held, []
        for each in held:
            # The state may be ahead of what was told: a commit is seen before it is published.
            if each.seq is None or each.seq > state_seq:
                sender.send_to((sid,), each.event, each.data, each.seq)
        if self.told >= state_seq:
            self._seat(sid)

    def remove(self, sid: str) -> None:
        user_id, arrival = self._seated.pop(sid, None), self._arriving.pop(sid, None)
        if arrival is not None:
            user_id = arrival.user_id
        if user_id is not None:
            sids = self._sids_of[user_id]
            sids.remove(sid)
            if not sids:
                del self._sids_of[user_id]

    def tell(
        self,
        sender: Sender,
        event: str,
        data: object,
        *,
        seq: int | None = None,
        but: str | None = None,
    ) -> None:
        """Send to every socket, except those of the user id `but`."""
        if seq is not None:
            self._changed_to = seq
            self.told = max(self.told, seq)
        elif event not in PASSING:
            self.unnumbered += 1
        sids: Iterable[str] = self._seated
        if but is not None:
            sids = [sid for sid, user_id in self._seated.items() if user_id != but]
        if self._arriving:
            seated = list(sids)  # before it, some are seated who know of it
            sids = seated + self._arrivals_due(_Held(event, data, seq), but)
        sender.send_to(sids, event, data, seq)

    def take_position(self) -> int | None:
        """The seq of the last change, if there was one since this was last asked."""
        seq, self._changed_to = self._changed_to, None
        return seq

    def _arrivals_due(self, held: _Held, but: str | None) -> list[str]:
        """Those who have a state that this is not part of; for those who have none it is held."""
        due = []
        for sid, arrival in list(self._arriving.items()):
            if but is not None and arrival.user_id == but:
                continue
            if arrival.state_seq is None:
                arrival.held.append(held)
                continue
            if held.seq is None or held.seq > arrival.state_seq:
                due.append(sid)
            if held.seq is not None and held.seq >= arrival.state_seq:
                self._seat(sid)
        return due

    def _seat(self, sid: str) -> None:
        """Nothing that its state holds is still to be told."""
        self._seated[sid] = self._arriving.pop(sid).user_id
