"""The recorder: what everybody asked and what they were answered, for the verifier to judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
KINDS = ("edit_message", "delete_message", "react", "pin_message", "mark_read")
"""What is done to what was said, by the event that asks for it; and how far it was read."""


@dataclass(slots=True)
class Said:
    """A message somebody wanted to send, however often they had to."""

    room_id: str
    speaker: str
    """One client: two tabs of a person are two speakers."""
    user_id: str
    client_id: str
    text: str
    reply_to: str | None = None
    acks: list[Json] = field(default_factory=list)
    """Every `ok: true`, also those that the client pretends not to have heard."""
    refusals: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Act:
    """A change somebody wanted, however often they had to ask.

    Nobody but one client changes what it changes, and that asks for one change after the other: so
    the last of them is what must be there.
    """

    room_id: str
    user_id: str
    kind: str
    """One of `KINDS`."""
    asked: Json
    """Beside the room: `id` of the message, and how it is then."""
    acks: list[Json] = field(default_factory=list)

    @property
    def changes(self) -> tuple[str, ...]:
        """What it changes, in its room."""
        return self.kind, self.user_id, self.asked.get("id", ""), self.asked.get("emoji", "")


@dataclass(frozen=True, slots=True)
class _Alarm:
    kind: str
    at: int
    ring: Callable[[], None]


class Record:
    """Keeps every message in the order its speaker thought of it, and counts as they talk.

    Counted are `sends` (repeated ones too), `acks`, `duplicates`, `unavailable`,
    `over`, `unheard`, `gaps`, `lines` and `bytes` (read from the server), and the acknowledged
    acts of each kind.
    """

    def __init__(self) -> None:
        self.said: dict[str, Said] = {}
        self.acts: list[Act] = []
        self.told: dict[tuple[str, int], object] = {}
        """The message that everybody was told of, by its room and the seq of the change."""
        self.endings: dict[str, int] = {}
        """The seq of the ending, by room, as everybody was told."""
        self.contradictions: list[str] = []
        self.counts: Counter[str] = Counter()
        self._alarms: list[_Alarm] = []

    def thinks(
        self, room_id: str, speaker: str, user_id: str, text: str, reply_to: str | None = None
    ) -> Said:
        said = Said(room_id, speaker, user_id, f"{speaker}-{len(self.said)}", text, reply_to)
        self.said[said.client_id] = said
        return said

    def wants(self, room_id: str, user_id: str, kind: str, asked: Json) -> Act:
        act = Act(room_id, user_id, kind, asked)
        self.acts.append(act)
        return act

    def sends(self) -> None:
        self.count("sends")

    def is_answered(self, said: Said, ack: Json) -> None:
        if ack["ok"]:
            said.acks.append(ack)
            self.count("duplicates", int(ack["duplicate"]))
            self.count("acks")
        else:
            said.refusals.append(ack)
            self.count("over" if ack["code"] == "conversation_ended" else ack["code"])

    def is_done(self, act: Act, ack: Json) -> None:
        act.acks.append(ack)
        self.count(act.kind)

    def hears(self, who: str, room_id: str, seq: int, message: object) -> None:
        """Somebody was told of a change: the same as everybody else, before and after a kill."""
        first = self.told.setdefault((room_id, seq), message)
        if first != message:
            self.contradictions.append(f"{who} was told {message} as {seq}, others {first}")

    def hears_the_ending(self, who: str, room_id: str, seq: int) -> None:
        first = self.endings.setdefault(room_id, seq)
        if first != seq:
            self.contradictions.append(f"{who} was told of the ending as {seq}, others as {first}")

    def count(self, kind: str, by: int = 1) -> None:
        self.counts[kind] += by
        if self._alarms:
            self._ring(kind)

    def after(self, kind: str, more: int, ring: Callable[[], None]) -> None:
        """Call `ring` within the very event that is the `more`th of its kind from now."""
        self._alarms.append(_Alarm(kind, self.counts[kind] + more, ring))

    def _ring(self, kind: str) -> None:
        due = [a for a in self._alarms if a.kind == kind and self.counts[kind] >= a.at]
        for alarm in due:
            self._alarms.remove(alarm)
            alarm.ring()

    @property
    def acked(self) -> int:
        return sum(bool(said.acks) for said in self.said.values())
