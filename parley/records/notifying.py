"""Who is notified of what, and on which devices."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Level(StrEnum):
    """What of a conversation somebody is notified of."""

    ALL = "all"
    MENTIONS = "mentions"
    """Messages that mean them or answer them."""
    NONE = "none"


class Subject(StrEnum):
    """What a notification is about."""

    TALK = "talk"
    CALL = "call"
    """Somebody calls, or called and nobody came."""
    KNOCKS = "knocks"
    """Somebody asks owners to be let in."""
    DOOR = "door"
    """Somebody who asked is answered."""
    INVITE = "invite"
    """Somebody is invited."""
    REPORTS = "reports"
    """Something was reported, for those who act for the host: it is of no one conversation."""


class QuietHours(Struct, frozen=True):
    """Minutes of the day between which nothing is told; they may go over midnight."""

    start: int
    end: int
    time_zone: str
    """As IANA names it."""


class Device(Struct, frozen=True):
    """A browser that is notified."""

    id: int
    session_id: int
    endpoint: str
    """Where its push service takes what is for it."""
    key: bytes
    auth: bytes
    shows_words: bool
    """Whether notifications say what was said."""
    quiet_hours: QuietHours | None
    added_at: datetime
    took_at: datetime | None
    """When its push service last took something."""
    failing_since: datetime | None
    failures: int
    """How often its push service has taken nothing since then."""


class Wanted(Struct, frozen=True):
    """What somebody decided for one conversation; None where they did not."""

    level: Level | None = None
    quiet_until: datetime | None = None


class Follower(Struct, frozen=True):
    """Somebody in a conversation, on a device that is notified."""

    device_id: int
    session_id: int
    user_id: str
    wanted: Wanted


class Notice(Struct, frozen=True):
    """What a device is to be told of a conversation, or shows."""

    device_id: int
    conversation_id: int
    subject: Subject
    due_at: datetime | None
    since: datetime
    """Since when it is due."""
    tries: int
    shown_seq: int | None
    """Up to where it showed what was said, or how many knocks; None where it shows nothing."""
    shown_at: datetime | None


class Telling(Struct, frozen=True):
    """What a notification says."""

    conversation_id: int
    room_id: str
    title: str
    subject: Subject
    seq: int
    """Of the message it leads to, 0 for an answer at the door; of knocks, how many."""
    count: int
    """Of what: messages, or people who knock."""
    sender: str
    text: str
    """Empty where the reader wants no words."""
    attachments: int
    """How many files came with the message, where words are wanted."""
    at: datetime
    as_of: datetime
    """When this was so."""
    is_silent: bool
    """Whether it only corrects what is shown already."""
    answer: str = ""
    """To whoever knocked: as in `Knock`."""
    is_missed: bool = False
    """Of a call: whether it is over, and nobody came."""


class TakingAway(Struct, frozen=True):
    """What is shown is read, gone, or none of theirs any more."""


class PuttingOff(Struct, frozen=True):
    """Not now: it is quiet time, or its push service is left alone."""

    until: datetime
    is_wished: bool = False
    """Whether its reader wants it so: it is news again then."""


class LettingBe(Struct, frozen=True):
    """There is nothing to tell that is not shown."""


Decision = Telling | TakingAway | PuttingOff | LettingBe
