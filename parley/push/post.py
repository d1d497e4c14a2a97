"""What goes to a process that sends, and what comes back."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T", bound=Struct)

_LENGTH_BYTES = 4


class Setup(Struct, frozen=True, array_like=True):
    """Said once, first."""

    seed: bytes
    """Of the key that says who we are."""
    contact: str
    networks: tuple[str, ...]


class Urgency(StrEnum):
    """RFC 8030, section 5.3: what a phone that saves power is woken for."""

    NORMAL = "normal"
    HIGH = "high"


class Push(Struct, frozen=True, array_like=True):
    """One notification for one browser."""

    endpoint: str
    key: bytes
    auth: bytes
    text: bytes
    topic: str
    """What is still kept of this takes the place of the one before (RFC 8030, section 5.4)."""
    ttl_s: int
    urgency: Urgency
    is_known: bool
    """Whether this push service took something lately: others share few places."""


class Numbered(Struct, Generic[T], frozen=True, array_like=True):
    number: int
    asked: T


class Outcome(Struct, frozen=True, array_like=True):
    """What became of it."""

    number: int
    status: int
    """As HTTP has it; 0 where nothing was answered."""
    retry_after: str | None = None
    why: str = ""
    """For the log."""
    is_for_good: bool = False
    """It would fail again: this is no address that may be asked, or no key."""
    is_lost: bool = False
    """Nobody knows: the process ended meanwhile. No fault of the push service's."""


def framed(said: Struct) -> bytes:
    body = msgspec.msgpack.encode(said)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


async def next_frame(reader: asyncio.StreamReader) -> bytes:
    """Raises `IncompleteReadError` at the end."""
    length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
    return await reader.readexactly(length)
