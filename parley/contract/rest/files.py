"""Files: uploading them, and which there are."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from parley.contract.objects import File, SentFile


class FileReply(Struct, kw_only=True):
    """Send a message with its `id` among the `attachments` within an hour, or it is erased."""

    success: Literal[True] = True
    file: File


class FilesReply(Struct, kw_only=True):
    """The latest first. With `has_more` there are older ones: those `before` the last `seq`."""

    success: Literal[True] = True
    files: list[SentFile]
    has_more: bool
