"""How the files of a message stand on a page.

`static/js/files/show.js` does the same in the browser; `tests/files_cases.json` holds both to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec

from parley import contract

PICTURE_TYPES = frozenset({"image/avif", "image/gif", "image/jpeg", "image/png", "image/webp"})
BOX_PX = 320
"""A picture or a film takes no more each way: it leaves room for what is said around it."""
NARROW_PX = 64
"""And no less, so that a finger finds it."""
VOICE = "Voice message "
"""How the names of those begin that were recorded on the page."""
_ENDING = re.compile(r"\.([A-Za-z0-9]{1,5})$")
_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_FILES = msgspec.json.Decoder(list[contract.File])


class Kind(StrEnum):
    PICTURE = "picture"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"


class Shown(NamedTuple):
    """A file, and all that a template writes of it."""

    file: contract.File
    kind: Kind
    width: int
    height: int
    about: str
    """What it is and how large, in words."""
    said: str
    """Its name and that, for paper. The name is isolated: it changes no order around it."""
    label: str
    """What a player is called: for a voice message whose voice it is, and how long where known."""


def attached(message: contract.Message) -> list[Shown]:
    """The files of a message, in order; none of one that was deleted."""
    if not message.attachments or message.deleted:
        return []
    return [shown(file, message.username) for file in _FILES.decode(raw_attachments(message))]


def raw_attachments(message: contract.Message) -> str:
    """As they are stored and sent."""
    return msgspec.json.encode(message.attachments).decode()


def shown(file: contract.File, username: str) -> Shown:
    kind, (width, height) = kind_of(file), fitted(file.width or 0, file.height or 0)
    return Shown(file, kind, width, height, about(file), said(file), label(file, username))


def kind_of(file: contract.File) -> Kind:
    if file.type in PICTURE_TYPES and file.width:
        return Kind.PICTURE
    family = file.type.partition("/")[0]
    return {"video": Kind.VIDEO, "audio": Kind.AUDIO}.get(family, Kind.DOCUMENT)


def fitted(width: int, height: int) -> tuple[int, int]:
    """How large something of so many pixels is shown: no larger than it is."""
    if not (width and height):
        return BOX_PX, BOX_PX * 9 // 16
    longest = max(width, height, BOX_PX)
    return tuple(  # type: ignore[return-value]
        max(NARROW_PX, (side * BOX_PX * 2 + longest) // (2 * longest)) for side in (width, height)
    )


def about(file: contract.File) -> str:
    ending = _ENDING.search(file.name)
    size = in_words(file.size)
    return f"{ending[1].upper()} · {size}" if ending else size


def said(file: contract.File) -> str:
    return f"\u2068{file.name}\u2069 · {about(file)}"


def label(file: contract.File, username: str) -> str:
    """Of a file that plays, sent by somebody of this name."""
    is_voice = file.type.startswith("audio/") and file.name.startswith(VOICE)
    called = f"{VOICE}from {username}" if is_voice else file.name
    if not file.duration_s:
        return called
    minutes, seconds = divmod(max(1, int(file.duration_s + 0.5)), 60)
    parts = ((minutes, "minute"), (seconds, "second"))
    length = " ".join(
        f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count
    )
    return f"{called}, {length}"


def in_words(size: int) -> str:
    """A number of bytes, in powers of ten, with a digit behind the point."""
    for unit, name in _UNITS:
        if size >= unit:
            tenths = (size * 20 + unit) // (2 * unit)
            return f"{tenths // 10}.{tenths % 10}".removesuffix(".0") + f" {name}"
    return f"{size} bytes"


def is_wordless(message: contract.Message) -> bool:
    """Whether nothing was said with its files: then it says their names, for old clients."""
    return bool(message.attachments) and message.message == _names(attached(message))


def _names(files: Sequence[Shown]) -> str:
    return ", ".join(each.file.name for each in files)
