"""Bots: programs that take part and say so, and what people ask of them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from parley.records.sessions import May


class Command(Struct, frozen=True, omit_defaults=True):
    """What a bot does when somebody writes "/" and its name."""

    name: str
    description: str
    hint: str = ""
    """What may be written after it."""


class Button(Struct, frozen=True):
    """Stands under a message of a bot's."""

    id: str
    label: str


class Bot(Struct, frozen=True):
    """A bot in the one conversation that it is in."""

    conversation_id: int
    user_id: str
    username: str
    session_id: int
    may: May
    created_at: datetime
    acted_at: datetime | None
    """When it last called or said something, about."""
    commands: tuple[Command, ...]


class Ask(Struct, frozen=True):
    """What somebody asks of a bot. Kept until it is answered, or nobody waits for it any more."""

    conversation_id: int
    id: str
    bot: str
    """The bot's user_id."""
    user_id: str
    """Of whoever asks."""
    username: str
    kind: Literal["command", "button"]
    name: str
    """The command's, or the button's id."""
    text: str
    """What was written after the command."""
    message_id: str
    """Whose button it is; empty for a command."""
    asked_at: datetime
