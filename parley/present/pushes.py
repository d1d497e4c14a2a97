"""What a notification says, as its browser gets it."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Struct, UnsetType

from parley import records
from parley.present.excerpts import excerpt
from parley.push.encryption import TEXT_MAX_BYTES

WORDS_MAX_CHARS = 300
"""Of what was said: more is shown nowhere."""


class Pushed(Struct, kw_only=True, omit_defaults=True):
    """Read by the service worker (`static/js/worker/push.js`)."""

    kind: str
    """What it is about, or `gone`."""
    subject: str
    key: str
    """What the conversation is known by on the device, whatever its link."""
    room_id: str = ""
    title: str = ""
    count: int = 0
    seq: int = 0
    sender: str = ""
    text: str = ""
    attachments: int = 0
    at: int = 0
    """In milliseconds since 1970."""
    silent: bool = False
    answer: str | UnsetType = UNSET
    missed: bool = False
    """Of a call: it is over, and nobody came."""


def pushed(said: records.Telling) -> bytes:
    """At most as long as a push service takes; the words are cut to fit."""
    content = Pushed(
        kind=said.subject.value,
        subject=said.subject.value,
        key=str(said.conversation_id),
        room_id=said.room_id,
        title=said.title,
        count=said.count,
        seq=said.seq,
        sender=said.sender,
        text=excerpt(said.text, WORDS_MAX_CHARS),
        attachments=said.attachments,
        at=int(said.at.timestamp() * 1000),
        silent=said.is_silent,
        answer=said.answer or UNSET,
        missed=said.is_missed,
    )
    body = msgspec.json.encode(content)
    while len(body) > TEXT_MAX_BYTES and content.text:
        # A character takes twelve bytes at most.
        over = 1 + (len(body) - TEXT_MAX_BYTES) // 12
        content.text = content.text[: -over - 1] + "…" if len(content.text) > over + 1 else ""
        body = msgspec.json.encode(content)
    return body


def pushed_gone(notice: records.Notice) -> bytes:
    """What is shown of a conversation is to be taken away."""
    return msgspec.json.encode(
        Pushed(kind="gone", subject=notice.subject.value, key=str(notice.conversation_id))
    )
