"""The keys of a file's entries, each given once."""

from __future__ import annotations

from collections.abc import Iterator

from parley.importing.chats import Problem
from parley.importing.fields import Seen


class Keys:
    def __init__(self) -> None:
        self._seen = Seen()
        self.given = ""
        """The last one."""

    def give(self, own: str, place: str, kind: str = "id") -> Iterator[Problem]:
        """To an entry of the id `own` (empty where it has none): that, unless there was one. `kind`
        is what people call it."""
        self.given = own or place
        if not self._seen.add(self.given):
            yield Problem(
                place, f"Another message has the {kind} {self.given}, too. Both are kept."
            )
            self.given = f"{place} (again)"
            self._seen.add(self.given)
