"""What happened in a conversation, as lines: for people, or as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from parley import harmless
from parley.client import Happened, types

INDENT = "  "
"""Of a message's other lines: none can pass for a message of its own."""


KEY_CHANGED = "Somebody writes with another key than before: from another device, or as another."
UNREADABLE = "[This message can't be read.]"


def as_json(event: str, data: Any) -> str:
    """One line of ASCII, so that it does nothing to a terminal either."""
    told = {"event": event, **msgspec.to_builtins(data)}
    return ascii_json({name: value for name, value in told.items() if value is not None})


def ascii_json(told: Any) -> str:
    import json

    return json.dumps(told, ensure_ascii=True).replace("\x7f", "\\u007f")


def told(happened: Happened) -> Iterator[str]:
    """What is read of it; nothing where it is not of interest."""
    match happened.name, happened.data:
        case "new_message", types.Message() as message:
            yield from said(message)
        case "message_changed", types.Message() as message if message.deleted:
            yield f"{_head(message)} [deleted a message]"
        case "message_changed", types.Message() as message if message.edited_at:
            begin, *rest = harmless.lines(message.message)
            yield f"{_head(message)} [now] {begin}"
            yield from (INDENT + each for each in rest)
        case "key_changed", _:
            yield KEY_CHANGED
        case "conversation_ended", types.ConversationEnded():
            yield "The conversation has ended."


def said(message: types.Message) -> Iterator[str]:
    """A message: when, who, what."""
    if message.deleted:
        yield f"{_head(message)} [deleted]"
        return
    begin, *rest = harmless.lines(text_of(message))
    yield f"{_head(message)} {begin}"
    yield from (INDENT + each for each in rest)
    for file in message.attachments or ():
        yield f"{INDENT}[file] {harmless.line(file.name)} ({size_in_words(file.size)})"


def text_of(message: types.Message) -> str:
    """Where nothing was said with files, their names stand for it, and follow anyway."""
    files = message.attachments
    if files and message.message == ", ".join(file.name for file in files):
        return ""
    if message.type == "unreadable":
        return UNREADABLE
    return message.message


def moment(timestamp: str) -> datetime:
    """In the time zone of this computer."""
    return datetime.fromisoformat(timestamp).astimezone()


def size_in_words(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    for unit in ("kB", "MB", "GB"):
        size_in_unit = size / 1000 ** (("kB", "MB", "GB").index(unit) + 1)
        if size_in_unit < 1000 or unit == "GB":
            return f"{size_in_unit:.1f} {unit}"
    raise AssertionError


def _head(message: types.Message) -> str:
    return f"{moment(message.timestamp):%Y-%m-%d %H:%M} {harmless.line(message.username)}:"
