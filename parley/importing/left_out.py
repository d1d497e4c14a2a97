"""What a reader leaves out, told once a kind: a file may have a million of them."""

from __future__ import annotations

from collections.abc import Iterator

from parley.importing.chats import Problem

KINDS_MAX = 50
_MORE = "Other kinds of messages that can't be read were left out."


class LeftOut:
    """Counts them. Where the first was is kept."""

    def __init__(self) -> None:
        self._kinds: dict[str, tuple[str, int]] = {}

    def add(self, what: str, place: str) -> None:
        """`what` is a sentence that holds for one and for many."""
        if what not in self._kinds and len(self._kinds) >= KINDS_MAX:
            what = _MORE
        first, count = self._kinds.get(what, (place, 0))
        self._kinds[what] = (first, count + 1)

    def problems(self) -> Iterator[Problem]:
        for what, (first, count) in self._kinds.items():
            others = f" and {count - 1:,} more" if count > 1 else ""
            yield Problem(f"{first}{others}", what)
