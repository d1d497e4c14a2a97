"""Files, with the messages that name them."""

from __future__ import annotations

from typing import Any, cast

from msgspec import UNSET, Raw

from parley import contract, records
from parley.present.fields import timestamp

# Of a file that is kept in JSON, and of nothing else there: in a string the quote is escaped.
_KEPT = 'url":"/files/'
_told = _KEPT


def serve_under(root: str) -> None:
    """Have the addresses of files begin with the path of the public URL: empty, or as `/talk`.

    One for all of this process. They are kept without it, so that a server can move.
    """
    global _told
    _told = _KEPT.replace("/", f"{root}/", 1)


def attachments(kept: str | None) -> Any:
    """The files of a message, as JSON that goes into it without being read."""
    if kept is None:
        return UNSET
    if _told is not _KEPT:
        kept = kept.replace(_KEPT, _told)
    return cast(Any, Raw(kept.encode()))


def file(kept: contract.File) -> contract.File:
    """One by itself, as it is told; `kept` is as it is kept with its message."""
    for name in ("url", "thumbnail_url"):
        if (path := getattr(kept, name)) is not UNSET:
            setattr(kept, name, _told[len('url":"') : -len("/files/")] + path)
    return kept


def sent_file(sent: records.SentFile, kept: contract.File) -> contract.SentFile:
    """`kept` is as it is kept with its message."""
    return contract.SentFile(
        file=file(kept),
        message_id=sent.message_id,
        seq=sent.seq,
        user_id=sent.file.user_id,
        username=sent.username,
        timestamp=timestamp(sent.sent_at),
    )
