"""Which sessions called lately: who is here without a socket is told by that alone."""

from __future__ import annotations

from collections.abc import Iterable

Call = tuple[int, str]
"""A session, and the room id of the conversation that it asked about."""
ROOM_ID_MAX = 64
"""Longer than any there is: what somebody made up is not remembered."""


class Seen:
    """The sessions whose token was presented since this was last stored, and for what."""

    def __init__(self) -> None:
        self._lately: set[int] = set()
        self._calls: set[Call] = set()

    def note(self, session_id: int, room_id: str = "") -> None:
        self._lately.add(session_id)
        if 0 < len(room_id) <= ROOM_ID_MAX:
            self._calls.add((session_id, room_id))

    def lately(self, session_id: int) -> bool:
        """Whether it called, and that is not stored yet. For the writer's thread too."""
        return session_id in self._lately

    def waiting(self) -> list[int]:
        """Those that are to be stored."""
        return sorted(self._lately)

    def calls(self) -> list[Call]:
        """What is to be stored of where they are."""
        return sorted(self._calls)

    def stored(self, session_ids: Iterable[int]) -> None:
        self._lately.difference_update(session_ids)

    def stored_calls(self, calls: Iterable[Call]) -> None:
        self._calls.difference_update(calls)

    def forget(self) -> None:
        """Another database lies in the folder now."""
        self._lately.clear()
        self._calls.clear()
