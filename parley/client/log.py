"""Where a client is in the conversation's log, so that it learns each change once and in order."""

from __future__ import annotations

from collections.abc import Callable

from parley.client import types
from parley.client.feed import Happened

Tell = Callable[[Happened], None]


class Log:
    """Takes what comes, from wherever. Tells what is new, and asks for what is missing."""

    def __init__(self, tell: Tell, ask: Callable[[], None]) -> None:
        self._tell = tell
        self._ask = ask
        self.seq = 0
        """All up to this one is known."""
        self.is_held = True
        """Whether nothing may be told now, as what was missed comes first."""
        self._known = 0
        """All up to this one was known when what was missed was asked for."""
        self._held: list[Happened] = []

    def take(self, happened: Happened) -> None:
        seq = happened.seq
        if seq is None:
            self._tell(happened)
        elif self.is_held or seq > self.seq + 1:
            self._held.append(happened)
            if not self.is_held:
                self.hold()
                self._ask()
        elif seq == self.seq + 1:
            self.seq = seq
            self._tell(happened)

    def is_at(self, seq: int) -> None:
        """So far the conversation is: what lies between is asked for."""
        if seq > self.seq and not self.is_held:
            self.hold()
            self._ask()

    def begin(self, seq: int) -> None:
        """All up to this one is known, or isn't asked for."""
        self.seq = self._known = seq

    def hold(self) -> None:
        if not self.is_held:
            self.is_held, self._known = True, self.seq

    def missed(self, messages: list[types.Message], seq: int, erased: int | None) -> None:
        """What changed since, in the order of the changes, and how far that reaches.

        A message that was changed after it was said comes once, as it is now: it is news if it was
        said after what was known when all of this was asked for.
        """
        for message in messages:
            if message.changed_seq > self.seq:
                name = "new_message" if message.seq > self._known else "message_changed"
                self._tell(Happened(name, message, message.changed_seq))
                self.seq = message.changed_seq
        if erased is not None and seq > self.seq:
            gone = types.MessagesErased(room_id="", through=erased, seq=seq)
            self._tell(Happened("messages_erased", gone, seq))
        self.seq = max(self.seq, seq)

    def go_on(self) -> None:
        """All that was missed is told: tell what came meanwhile."""
        self.is_held = False
        held, self._held = self._held, []
        for happened in held:
            if self.is_held:
                self._held.append(happened)
            else:
                self.take(happened)
