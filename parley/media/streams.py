"""How long sound and film last, and how large a film is: from what the file says, undecoded.

Each reader is given a window on the file and the claim it begins with. What turns out to be
something else is a document.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec.structs import replace

from parley.media import boxes, matroska, ogg, sound
from parley.media.looked import Kind, Looked
from parley.media.types import UNKNOWN, document
from parley.media.window import TooMuch, Window

Reader = Callable[[Window], Looked | None]
"""None: it isn't what it begins like."""

_READERS: Mapping[str, Reader] = {
    "audio/wav": sound.wav,
    "audio/flac": sound.flac,
    "audio/mpeg": sound.mpeg,
    "audio/ogg": ogg.look,
    "video/webm": matroska.look,
}


def look(path: Path, media_type: str, head: bytes, name: str) -> Looked:
    """What a file holds that begins like sound or film of that type.

    Takes places out of MP4 and QuickTime, in the file itself. Raises `OSError`.
    """
    in_boxes = media_type in {"video/mp4", "video/quicktime"}
    with path.open("r+b" if in_boxes else "rb") as file:
        window = Window(file)
        try:
            found = boxes.look(window) if in_boxes else _READERS[media_type](window)
        except (struct.error, IndexError, ValueError, ArithmeticError, TooMuch):
            # Nothing a player could open. It may be only partly there, so it can be had as it is.
            found = None
        is_changed = in_boxes and boxes.forget_places(file)
    found = found or Looked(Kind.DOCUMENT, document(head, name) if not in_boxes else UNKNOWN)
    return replace(found, is_changed=True) if is_changed else found
