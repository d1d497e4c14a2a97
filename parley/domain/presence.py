"""Who is here: the open sockets of each participant, in this process's memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from parley.records import Participant


@dataclass(slots=True)
class _Here:
    person: Participant
    sockets: set[str] = field(default_factory=set)
    leaving: asyncio.TimerHandle | None = None


class Presence:
    """Rooms, the participants present in them, and the sockets each holds."""

    def __init__(self) -> None:
        self._rooms: dict[str, dict[str, _Here]] = {}

    def enter(self, room_id: str, person: Participant, socket: str) -> bool:
        """Count a socket of `person` in; whether they were not here until now.

        Coming back within the grace is no arrival.
        """
        room = self._rooms.setdefault(room_id, {})
        here = room.get(person.user_id)
        arrived = here is None
        if here is None:
            here = room[person.user_id] = _Here(person)
        if here.leaving is not None:
            here.leaving.cancel()
            here.leaving = None
        here.person = person
        here.sockets.add(socket)
        return arrived

    def update(self, room_id: str, person: Participant) -> bool:
        """Know `person` by their new name; whether they are here, or may yet come back."""
        here = self._rooms.get(room_id, {}).get(person.user_id)
        if here is None:
            return False
        here.person = person
        return True

    def exit(
        self,
        room_id: str,
        user_id: str,
        socket: str,
        *,
        grace_s: float,
        gone: Callable[[Participant], None],
    ) -> None:
        """Count a socket out; after the last one, `gone(person)` once the grace has passed."""
        here = self._rooms.get(room_id, {}).get(user_id)
        if here is None or socket not in here.sockets:
            return
        here.sockets.discard(socket)
        if here.sockets:
            return

        def leave() -> None:
            self._forget(room_id, user_id)
            gone(here.person)

        if grace_s > 0:
            here.leaving = asyncio.get_running_loop().call_later(grace_s, leave)
        else:
            leave()

    def online(self, room_id: str) -> frozenset[str]:
        """The user ids with an open socket in the room."""
        room = self._rooms.get(room_id, {})
        return frozenset(user_id for user_id, here in room.items() if here.sockets)

    def close(self) -> None:
        """Forget everyone, and stop waiting for those who might come back."""
        for room in self._rooms.values():
            for here in room.values():
                if here.leaving is not None:
                    here.leaving.cancel()
        self._rooms.clear()

    def _forget(self, room_id: str, user_id: str) -> None:
        room = self._rooms.get(room_id, {})
        room.pop(user_id, None)
        if not room:
            self._rooms.pop(room_id, None)
