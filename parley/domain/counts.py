"""How many conversations there are, known without looking through them all."""

from __future__ import annotations


class Counts:
    """Counted once, between two commits, and kept up with every commit after it."""

    def __init__(self) -> None:
        self.known: tuple[int, int] | None = None
        """How many are active, and how many there are at all; None before they were counted."""
        self.messages = 0
        """Stored by this process since its start."""
        self.joins = 0
        """Of people who came or came back, likewise."""

    def know(self, counts: tuple[int, int]) -> None:
        self.known = counts

    def change(self, *, active: int = 0, total: int = 0) -> None:
        if self.known is not None:
            self.known = self.known[0] + active, self.known[1] + total

    def forget(self) -> None:
        """Another database lies in the folder now."""
        self.known = None
