"""Who is here: the open sockets of each participant, in this process's memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from parley.records import Participant


@dataclass(slots=True)
class _Here:
    person: Participant
    sockets: set[str] = field(default_factory=set)
    leaving: asyncio.TimerHandle | None = None


class Presence:
    """Rooms, the participants present in them, and the sockets each holds."""

    def __init__(self) -> None:
        self._rooms: dict[int, dict[str, _Here]] = {}
        self._coming: dict[str, tuple[int, str]] = {}
        """The sockets that were stored as somebody's, and are not told of yet. What is done
        with it is done in one step: the writer's thread knows of them first."""
        self._online: Counter[int] = Counter()
        """How many in each room have an open socket: a room of thousands is not counted anew."""

    def enter(self, person: Participant, socket: str) -> bool:
        """Count a socket of `person` in; whether they were not here until now.

        Coming back within the grace is no arrival.
        """
        room = self._rooms.setdefault(person.conversation_id, {})
        here = room.get(person.user_id)
        arrived = here is None
        if here is None:
            here = room[person.user_id] = _Here(person)
        if here.leaving is not None:
            here.leaving.cancel()
            here.leaving = None
        here.person = person
        if not here.sockets:
            self._online[person.conversation_id] += 1
        here.sockets.add(socket)
        self._coming.pop(socket, None)
        return arrived

    def expect(self, person: Participant, socket: str) -> None:
        """They come on this socket, once that is on disk. For the writer's thread."""
        self._coming[socket] = (person.conversation_id, person.user_id)

    def expect_no_more(self, socket: str | None) -> None:
        """It does not come after all."""
        self._coming.pop(socket or "", None)

    def is_taken(self, person: Participant, *, but: str | None) -> bool:
        """Whether anybody is them, or is about to be, on another socket than this. For the
        writer's thread too.
        """
        key = (person.conversation_id, person.user_id)
        here = self._rooms.get(key[0], {}).get(key[1])
        sockets = set() if here is None else here.sockets.copy()
        sockets |= {socket for socket, whose in self._coming.copy().items() if whose == key}
        return bool(sockets - {but})

    def is_on_socket(self, person: Participant) -> bool:
        """Whether they are on a socket. For the writer's thread too."""
        here = self._rooms.get(person.conversation_id, {}).get(person.user_id)
        return here is not None and bool(here.sockets)

    def on_sockets(self) -> list[Participant]:
        """Everybody who is on a socket, in each conversation, or may yet come back on one."""
        return [here.person for room in self._rooms.values() for here in room.values()]

    def gone(self, person: Participant) -> Participant | None:
        """As they are known here, if they are on no socket any more. For the writer's thread."""
        here = self._rooms.get(person.conversation_id, {}).get(person.user_id)
        return here.person if here is not None and not here.sockets else None

    def away(self, conversation_id: int) -> list[str]:
        """The user ids of those who may yet come back on a socket. For any thread."""
        room = self._rooms.get(conversation_id, {})
        if len(room) == self._online[conversation_id]:
            return []
        return [user_id for user_id, here in room.copy().items() if not here.sockets]

    def is_waited_for(self, person: Participant) -> bool:
        """Whether they are on a socket, or may yet come back on one. For the writer's thread
        too.
        """
        here = self._rooms.get(person.conversation_id, {}).get(person.user_id)
        return here is not None and (bool(here.sockets) or here.leaving is not None)

    def update(self, person: Participant) -> bool:
        """Know `person` by their new name; whether they are here, or may yet come back."""
        here = self._rooms.get(person.conversation_id, {}).get(person.user_id)
        if here is None:
            return False
        here.person = person
        return True

    def hear(self, person: Participant) -> None:
        """As `update`, by what another process did, which may have been before what we did: by
        which of their comings they are here, we know ourselves.
        """
        here = self._rooms.get(person.conversation_id, {}).get(person.user_id)
        if here is not None:
            here.person = replace(person, visits=here.person.visits)

    def stay(self, person: Participant) -> bool:
        """They came without a socket: a leave that was to come at the end of the grace does not.
        Whether the others see them already.
        """
        here = self._rooms.get(person.conversation_id, {}).get(person.user_id)
        if here is None:
            return False
        here.person = person
        if here.leaving is not None:
            here.leaving.cancel()
            here.leaving = None
        return True

    def put_out_sockets(self, person: Participant) -> bool:
        """Another is them now: no socket from before counts any more, but they stay.
        Whether the others see them already.
        """
        if not self.stay(person):
            return False
        sockets = self._rooms[person.conversation_id][person.user_id].sockets
        if sockets:
            sockets.clear()
            self._count_out(person.conversation_id)
        return True

    def exit(
        self,
        person: Participant,
        socket: str,
        *,
        grace_s: float,
        gone: Callable[[Participant], None],
    ) -> None:
        """Count a socket out; after the last one, `gone(person)` once the grace has passed."""
        here = self._rooms.get(person.conversation_id, {}).get(person.user_id)
        if here is None or socket not in here.sockets:
            return
        here.sockets.discard(socket)
        if here.sockets:
            return
        self._count_out(person.conversation_id)

        def leave() -> None:
            self._forget(person.conversation_id, person.user_id)
            gone(here.person)

        if grace_s > 0:
            here.leaving = asyncio.get_running_loop().call_later(grace_s, leave)
        else:
            leave()

    def has(self, person: Participant, socket: str) -> bool:
        """Whether this socket counts as theirs: not after they were put out."""
        here = self._rooms.get(person.conversation_id, {}).get(person.user_id)
        return here is not None and socket in here.sockets

    def forget(self, person: Participant) -> None:
        """They were put out: no socket of theirs counts any more."""
        here = self._rooms.get(person.conversation_id, {}).get(person.user_id)
        if here is not None and here.leaving is not None:
            here.leaving.cancel()
        self._forget(person.conversation_id, person.user_id)

    def forget_all(self, conversation_id: int) -> None:
        """There is no such conversation any more."""
        self._online.pop(conversation_id, None)
        for here in self._rooms.pop(conversation_id, {}).values():
            if here.leaving is not None:
                here.leaving.cancel()

    def online(self, conversation_id: int, people: Iterable[Participant]) -> frozenset[str]:
        """The user ids of those of `people` who have an open socket in the room."""
        room = self._rooms.get(conversation_id, {})
        return frozenset(
            person.user_id
            for person in people
            if (here := room.get(person.user_id)) is not None and here.sockets
        )

    def online_count(self, conversation_id: int) -> int:
        """How many people have an open socket in the room."""
        return self._online[conversation_id]

    @property
    def count(self) -> int:
        """How many people have an open socket, once for each room they are in."""
        return self._online.total()

    def close(self) -> None:
        """Forget everyone, and stop waiting for those who might come back."""
        for room in self._rooms.values():
            for here in room.values():
                if here.leaving is not None:
                    here.leaving.cancel()
        self._rooms.clear()
        self._online.clear()

    def _forget(self, conversation_id: int, user_id: str) -> None:
        room = self._rooms.get(conversation_id, {})
        here = room.pop(user_id, None)
        if here is not None and here.sockets:
            self._count_out(conversation_id)
        if not room:
            self._rooms.pop(conversation_id, None)

    def _count_out(self, conversation_id: int) -> None:
        self._online[conversation_id] -= 1
        if not self._online[conversation_id]:
            del self._online[conversation_id]
