"""Which file of Element's export is that of a message."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from parley.importing import fields
from parley.importing.archive import Archive
from parley.importing.chats import NOT_THERE, Attachment
from parley.importing.fields import mapping, text

_FOLDERS = {"m.image": "images", "m.video": "videos", "m.audio": "audio", "m.file": "files"}
_NUMBER = re.compile(r"\d+")
_UNTOLD = "The export was made without files."
LOOKED_AT_MAX = 10_000
"""Files whose names begin alike."""


class Files:
    """Named `images/harbour-31-01-2024 at 18-07-40.jpg`: by the message, and its time as the
    exporting device writes it."""

    def __init__(self, archive: Archive, folder: str) -> None:
        self._archive = archive
        self._folder = folder
        inside = tuple(f"{folder}{each}/" for each in (*_FOLDERS.values(), "stickers"))
        self._names = sorted(name for name in archive.names() if name.startswith(inside))

    def of(
        self, event: dict[str, Any], content: dict[str, Any], sent_at: datetime
    ) -> tuple[Attachment, ...]:
        kind = "m.sticker" if event.get("type") == "m.sticker" else content.get("msgtype")
        if not isinstance(kind, str) or (kind not in _FOLDERS and kind != "m.sticker"):
            return ()
        written = text(content.get("filename")) or text(content.get("body"))
        told = mapping(content.get("info"))
        name = fields.file_name(written)
        type_ = fields.name(told.get("mimetype")) or None
        path = self._path(_FOLDERS.get(kind, "stickers"), content, sent_at)
        if path is None:
            missing = NOT_THERE if self._names else _UNTOLD
            return (Attachment(name, None, type_, fields.size(told.get("size")), missing),)
        return (Attachment(name, path, type_, self._archive.size(path)),)

    def _path(self, folder: str, content: dict[str, Any], sent_at: datetime) -> str | None:
        for field in ("body", "filename"):
            stem, _, _ = text(content.get(field)).rpartition(".")
            stem = stem or text(content.get(field))
            found = list(self._begun(f"{self._folder}{folder}/{stem}-")) if stem else []
            same = [name for name, rest in found if _is_time(rest, sent_at)]
            if same or len(found) == 1:
                return same[0] if same else found[0][0]
        return None

    def _begun(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Those whose name goes on with a number, and what follows."""
        first = bisect_left(self._names, prefix)
        for name in self._names[first : first + LOOKED_AT_MAX]:
            if not name.startswith(prefix):
                return
            rest = name[len(prefix) :]
            if rest[:1].isdigit():
                yield name, rest


def _is_time(rest: str, sent_at: datetime) -> bool:
    """Whether the minute and second are those: zones differ in hours, but for a few."""
    numbers = [int(number[:6]) for number in _NUMBER.findall(rest)]
    return sent_at.second in numbers and sent_at.minute in numbers and sent_at.year in numbers
