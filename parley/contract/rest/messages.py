"""Messages: sending and deleting them, and the history."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from parley.contract.objects import Buttons, Message
from parley.contract.terms import (
    ChosenNames,
    ClientId,
    FileIds,
    MessageId,
    MessageText,
    MessageType,
    SaidText,
    Timestamp,
)


class SendBody(Struct, kw_only=True):
    """`type` is `text` unless given: a short word of yours, which Parley keeps and passes on. No
    word makes a message the server's: it is yours, with your name.

    `client_id` is a name for this message of yours: what you send again under it is not
    stored again, whatever its text, and is answered with the first. An empty one is none.

    `reply_to` is the id of the message it answers, in the same conversation and not deleted.

    "@" and a name in its text means the person of the conversation who is called so, whatever the
    case of its letters, and as much of the text as is a name: those who are here, and those who
    have spoken. Of several with one name it means the one whose name it has been longest, unless
    `mentions`, the `user_id`s of those you chose, names another of them. It means at most 20
    people, and nobody in code. What it means is decided as it is stored.

    `attachments` are the ids of up to 10 files that you uploaded to this conversation and no
    message names yet; with them, `message` may be empty. An encrypted message may name 20.

    `message` may have 8,000 characters. In an encrypted conversation it is an envelope as
    docs/encryption.md describes it, which may have more; `type` is `encrypted`, and `client_id` is
    needed. What it answers and whom it means is told in the envelope alone.

    `buttons`, up to 5 of different ids, are for bots: they stand under the message, and whoever
    presses one is told of to the bot as `asked`.
    """

    message: SaidText
    type: MessageType | None = None
    client_id: ClientId | None = None
    reply_to: MessageId | None = None
    mentions: ChosenNames | None = None
    attachments: FileIds | None = None
    buttons: Buttons | None = None


class SendReply(Struct, kw_only=True):
    success: Literal[True] = True
    id: str
    seq: int
    timestamp: Timestamp
    duplicate: bool


class EditBody(Struct, kw_only=True):
    """What it says from now on. `mentions` as in [SendBody](#sendbody): who was meant before is
    still meant by the name that stands there, whatever they are called since. `buttons` are those
    of a bot from now on, none where the list is empty, and as before without one.
    """

    message: MessageText
    mentions: ChosenNames | None = None
    buttons: Buttons | None = None


class MessageReply(Struct, kw_only=True):
    """The message as it is now."""

    success: Literal[True] = True
    message: Message


class PinsReply(Struct, kw_only=True):
    """The pinned messages, the one that was pinned last first. With `has_more` there are others:
    ask for them with `skip`.
    """

    success: Literal[True] = True
    messages: list[Message]
    has_more: bool | UnsetType = UNSET


class MessagesReply(Struct, kw_only=True):
    """A page of the history, oldest first. `has_more`: further on in the direction asked for."""

    success: Literal[True] = True
    messages: list[Message]
    has_more: bool
