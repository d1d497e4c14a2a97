"""What was reported: a message, or somebody."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from parley.contract.terms import (
    MessageId,
    ReasonName,
    ReportedText,
    ReportWords,
    Timestamp,
    UserId,
)


class ReportBody(Struct, kw_only=True):
    """Either `message_id` or `user_id`. `words` is what else there is to say about it. `text` is
    what an encrypted message says, which the server can't read: it is kept as your word.
    """

    message_id: MessageId | None = None
    user_id: UserId | None = None
    reason: ReasonName
    words: ReportWords | None = None
    text: ReportedText | None = None


class Complaint(Struct, kw_only=True):
    """Why one person reported it."""

    reason: ReasonName
    words: str


class Report(Struct, kw_only=True):
    """A message, or somebody, as it was when it was reported; `username` and `text` may be others
    by now. `files` are the names of the message's files. With `by_word` the text is what a reporter
    says that an encrypted message says. There is a complaint for each who reported it, and nobody
    is told who they are. `at` is when it was reported first.
    """

    id: int
    at: Timestamp
    resolved: bool
    user_id: str
    username: str
    complaints: list[Complaint]
    message_id: str | UnsetType = UNSET
    seq: int | UnsetType = UNSET
    sent_at: Timestamp | UnsetType = UNSET
    text: str | UnsetType = UNSET
    files: list[str] | UnsetType = UNSET
    by_word: bool | UnsetType = UNSET


class ReportsReply(Struct, kw_only=True):
    """The newest first. Those that owners and host have resolved are erased after 30 days."""

    success: Literal[True] = True
    reports: list[Report]
    has_more: bool
