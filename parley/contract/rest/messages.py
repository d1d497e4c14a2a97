"""Messages: sending and deleting them, and the history."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from parley.contract.objects import Message
from parley.contract.terms import ClientId, MessageText, MessageType, Timestamp


class SendBody(Struct, kw_only=True):
    """`type` is `text` unless given: a short word of yours, which Parley keeps and passes on. No
    word makes a message the server's: it is yours, with your name.

    `client_id` is a name for this message of yours: what you send again under it is not
    stored again, whatever its text, and is answered with the first. An empty one is none.
    """

    message: MessageText
    type: MessageType | None = None
    client_id: ClientId | None = None


class SendReply(Struct, kw_only=True):
    success: Literal[True] = True
    id: str
    seq: int
    timestamp: Timestamp
    duplicate: bool


class EditBody(Struct, kw_only=True):
    """What it says from now on."""

    message: MessageText


class MessageReply(Struct, kw_only=True):
    """The message as it is now."""

    success: Literal[True] = True
    message: Message


class MessagesReply(Struct, kw_only=True):
    """A page of the history, oldest first. `has_more`: further on in the direction asked for."""

    success: Literal[True] = True
    messages: list[Message]
    has_more: bool
