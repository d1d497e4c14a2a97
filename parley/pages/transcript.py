"""How a transcript stands on a page: its moments in words, its messages in groups."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from parley import contract

GROUP_MINUTES = 5
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


class Shown(NamedTuple):
    """A message, and how it stands after the one before it."""

    message: contract.Message
    begins_day: bool
    continued: bool
    """Whether the same person goes on, so that their name need not be said again."""


def is_for(message: contract.Message, me: contract.Participant | None) -> bool:
    """Whether it means the reader, or answers them, and is not their own."""
    if me is None or message.deleted or message.user_id == me.user_id:
        return False
    if message.reply_to and message.reply_to.user_id == me.user_id:
        return True
    return bool(message.mentions) and me.user_id in json.loads(as_json(message.mentions))


def as_json(kept: object) -> str:
    """What is kept as it is sent, and so is not read before."""
    return msgspec.json.encode(kept).decode()


def grouped(messages: Iterable[contract.Message]) -> Iterator[Shown]:
    """In order. The page's scripts group again, in local time."""
    before: contract.Message | None = None
    for message in messages:
        follows = before is not None and day(before.timestamp) == day(message.timestamp)
        continued = (
            before is not None
            and follows
            and not message.reply_to  # who answers is told again
            and before.user_id == message.user_id
            and (before.type == "call") == (message.type == "call")
            and not message.edited_at  # said beside the time, which stands with the name
            and _minute(message.timestamp) - _minute(before.timestamp) < GROUP_MINUTES
        )
        yield Shown(message, not follows, continued)
        before = message


# A page tells some hundred moments, so they are cut rather than read:
# `present.timestamp` writes them all alike, in UTC.


def day(timestamp: str) -> str:
    return timestamp[:10]


def date(timestamp: str) -> str:
    """For people; `day` is for keys."""
    month = _MONTHS[int(timestamp[5:7]) - 1]
    return f"{int(timestamp[8:10])} {month} {timestamp[:4]}"


def clock(timestamp: str) -> str:
    """It says whose hour it is, as not every reader has a script to tell theirs."""
    return f"{timestamp[11:16]} UTC"


def full_date(timestamp: str) -> str:
    return f"{date(timestamp)}, {clock(timestamp)}"


def _minute(timestamp: str) -> int:
    return int(timestamp[11:13]) * 60 + int(timestamp[14:16])
