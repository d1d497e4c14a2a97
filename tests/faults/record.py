"""The recorder: what everybody asked and what they were answered, for the verifier to judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class Said:
    """A message somebody wanted to send, however often they had to."""

    room_id: str
    speaker: str
    """One client: two tabs of a person are two speakers."""
    user_id: str
    client_id: str
    text: str
    acks: list[Json] = field(default_factory=list)
    """Every `ok: true`, also those that the client pretends not to have heard."""
    refusals: list[Json] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Alarm:
    kind: str
    at: int
    ring: Callable[[], None]


class Record:
    """Keeps every message in the order its speaker thought of it, and counts as they talk.

    Counted are `sends` (repeated ones too), `acks`, `duplicates`, `unavailable`,
    `over`, `unheard`, `gaps`, `lines` and `bytes` (read from the server).
    """

    def __init__(self) -> None:
        self.said: dict[str, Said] = {}
        self.counts: Counter[str] = Counter()
        self._alarms: list[_Alarm] = []

    def thinks(self, room_id: str, speaker: str, user_id: str, text: str) -> Said:
        said = Said(room_id, speaker, user_id, f"{speaker}-{len(self.said)}", text)
        self.said[said.client_id] = said
        return said

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
