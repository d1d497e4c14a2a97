"""What is counted while a server is under load: deliveries, how late they are, acknowledgements."""

from __future__ import annotations

import secrets
import time
from array import array
from collections.abc import Callable, Sequence

MARK = b"stamp="
"""Not a word that means anything to a server: an @ would have Parley look for somebody's name."""
STAMP_DIGITS = 8
_STAMP_AT = len(MARK)
_STAMP_END = _STAMP_AT + STAMP_DIGITS


WORDS = "See you at four, and who brings the cake? I have the plates."
clock = time.perf_counter
"""The clock of everything here, in seconds."""


def _nothing() -> None:
    """What happens when enough was delivered, unless somebody waits for it."""


class Tally:
    """Every message carries a stamp in its text; every delivery of it is found by the stamp."""

    def __init__(self) -> None:
        self.sent_at: list[float] = []
        self.latencies_s = array("d")
        self.acks_s = array("d")
        self.refused = 0
        self.frames = 0
        """Socket.IO packets of every kind."""
        self.changed = 0
        """Deliveries of messages that changed."""
        self.enough = 0
        """How many deliveries make `when_enough` called; 0 for never."""
        self.when_enough: Callable[[], None] = _nothing

    @property
    def delivered(self) -> int:
        return len(self.latencies_s)

    @property
    def sent(self) -> int:
        return len(self.sent_at)

    @property
    def answered(self) -> int:
        """How many messages were acknowledged, kindly or not."""
        return len(self.acks_s) + self.refused

    def reset(self) -> None:
        """Begin anew. Deliveries still under way would be lost: wait for them before."""
        for counted in (self.sent_at, self.latencies_s, self.acks_s):
            del counted[:]
        self.refused = self.frames = self.changed = 0

    def stamp(self, at: float) -> int:
        """The number of a message that is, or was to be, sent at that time."""
        self.sent_at.append(at)
        return len(self.sent_at) - 1

    def deliver(self, payload: bytes, now: float) -> None:
        """A `new_message` with a stamp came in. The hottest function here."""
        at = payload.find(MARK) + _STAMP_AT
        self.latencies_s.append(now - self.sent_at[int(payload[at : at + STAMP_DIGITS])])
        if self.enough and len(self.latencies_s) >= self.enough:
            self.when_enough()

    def acknowledge(self, stamp: int, ok: bool, now: float) -> None:
        if ok:
            self.acks_s.append(now - self.sent_at[stamp])
        else:
            self.refused += 1


def text_of(stamp: int, noise_characters: int = 0) -> str:
    """What people say, as far as we care: a stamp and some words, or noise that cannot shrink."""
    words = secrets.token_urlsafe(noise_characters * 3 // 4) if noise_characters else WORDS
    return f"{MARK.decode()}{stamp:0{STAMP_DIGITS}d} {words}"


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of all are not above; 0.0 where there are none."""
    if not sorted_values:
        return 0.0
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


def spread_ms(latencies_s: Sequence[float], prefix: str = "") -> dict[str, float]:
    """Median, 99th percentile and maximum in milliseconds."""
    ordered = sorted(latencies_s)
    return {
        f"{prefix}p50_ms": percentile(ordered, 0.5) * 1e3,
        f"{prefix}p99_ms": percentile(ordered, 0.99) * 1e3,
        f"{prefix}max_ms": (ordered[-1] if ordered else 0.0) * 1e3,
    }
