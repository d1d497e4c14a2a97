"""Who wants mail about new messages."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class MailCode(StrEnum):
    """What a link in a mail does."""

    CONFIRM = "confirm"
    STOP = "stop"
    """No more mail about new messages to this address."""
    REFUSE = "refuse"
    """No more asking for its word, for a while."""


class MailWish(Struct, frozen=True):
    """An address that a session wants mail to go to."""

    id: int
    session_id: int
    address: str
    address_tag: str
    mailbox_tag: str
    words: bool
    """Whether mails quote how messages begin."""
    asked_at: datetime
    is_due: bool = False
    """Whether the address is still to be asked for its word."""
    confirmed_at: datetime | None = None
    told_at: datetime | None = None
    """What was said before is told no more."""
    failures: int = 0
    """How often in a row the server did not take mail to it."""


class MailLink(Struct, frozen=True):
    """What a code of a mail stands for."""

    kind: MailCode
    address_tag: str
    mailbox_tag: str
    session_id: int | None


class Unheard(Struct, frozen=True):
    """A message that somebody has not read."""

    seq: int
    sent_at: datetime
    username: str
    begins: str
    is_meant: bool
    """Whether it means or answers them."""
    has_files: bool
