"""What travels between processes: hints of what happened, as text."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from parley.records import Event, conversation_of, seq_of

KEY_BYTES = 32
SEAL_CHARS = 32
"""Its seal, at the beginning of a text."""
_Id = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Hint(Struct, frozen=True, array_like=True):
    """What happened in a process. Decoded only as far as somebody wants to know of it."""

    number: _Id
    """Rises by one with each hint of a process, so that one that was lost is missed."""
    conversation: _Id = 0
    """Its id; 0 for what concerns a session everywhere, or nothing."""
    seq: _Id = 0
    """Its place in the conversation's log; 0 for what has none."""
    event: msgspec.Raw = msgspec.Raw()
    """The event's record; empty where it was too large: then it is looked up."""


class _Text(Struct, frozen=True, array_like=True):
    process: str
    hints: Annotated[tuple[Hint, ...], Meta(min_length=1)]


_encoder = msgspec.json.Encoder()
_texts = msgspec.json.Decoder(_Text)
_events: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_NOTHING = msgspec.Raw(b"null")


def of(number: int, event: Event) -> Hint:
    """A hint of an event."""
    raw = msgspec.Raw(_encoder.encode(event))
    return Hint(number, conversation_of(event), seq_of(event), raw)


def beat(number: int) -> Hint:
    """A hint that nothing happened."""
    return Hint(number, event=_NOTHING)


def bare(hint: Hint) -> Hint:
    """The same without what happened."""
    return Hint(hint.number, hint.conversation, hint.seq, _NOTHING)


def event_in(hint: Hint) -> Event | None:
    """What happened; None where the hint does not say. Raises `ValueError` for what is no event."""
    raw = bytes(hint.event)
    return None if raw == b"null" else _events.decode(raw)


def texts(process: str, hints: list[Hint], *, key: bytes, longest: int) -> Iterator[str]:
    """The hints as texts of at most so many bytes: what is too large for one goes bare. Each is
    sealed by the key, as others may speak where they are carried.
    """
    some: list[Hint] = []
    length = room = longest - len(process) - 32 - SEAL_CHARS
    for hint in hints:
        size = len(hint.event) + 64
        if size > room:
            hint, size = bare(hint), 68
        if some and size > length:
            yield _text(process, some, key)
            some, length = [], room
        some.append(hint)
        length -= size
    if some:
        yield _text(process, some, key)


def read(text: str, *, key: bytes) -> tuple[str, tuple[Hint, ...]]:
    """The process that sent it, and its hints. Raises `ValueError` for what is none of ours."""
    # Nothing of a stranger's is looked into, nor of a server's with another secret.
    given, said = text[:SEAL_CHARS], text[SEAL_CHARS:].encode()
    if not (given.isascii() and hmac.compare_digest(given, _seal(said, key))):
        raise ValueError("nobody of ours said it")
    found = _texts.decode(said)
    return found.process, found.hints


def _text(process: str, hints: list[Hint], key: bytes) -> str:
    said = _encoder.encode(_Text(process, tuple(hints)))
    return _seal(said, key) + said.decode()


def _seal(said: bytes, key: bytes) -> str:
    return hashlib.blake2b(said, key=key, digest_size=SEAL_CHARS // 2).hexdigest()
