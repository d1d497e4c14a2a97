"""Which sessions called lately: who is here without a socket is told by that alone."""

from __future__ import annotations

from collections.abc import Iterable


class Seen:
    """The sessions whose token was presented since this was last stored."""

    def __init__(self) -> None:
        self._lately: set[int] = set()

    def note(self, session_id: int) -> None:
        self._lately.add(session_id)

    def lately(self, session_id: int) -> bool:
        """Whether it called, and that is not stored yet. For the writer's thread too."""
        return session_id in self._lately

    def waiting(self) -> list[int]:
        """Those that are to be stored."""
        return sorted(self._lately)

    def stored(self, session_ids: Iterable[int]) -> None:
        self._lately.difference_update(session_ids)

    def forget(self) -> None:
        """Another database lies in the folder now."""
        self._lately.clear()
