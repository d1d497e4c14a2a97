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

DURATION_MAX_S = 366 * 24 * 3600.0
SIDE_MAX_PX = 65_535
"""What says that it is longer or larger doesn't know."""

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
    if found is None:
        return Looked(
            Kind.DOCUMENT, document(head, name) if not in_boxes else UNKNOWN, is_changed=is_changed
        )
    return replace(_believed(found), is_changed=is_changed)


def _believed(looked: Looked) -> Looked:
    """Without the numbers that cannot be."""
    width, height, duration_s = looked.width or 0, looked.height or 0, looked.duration_s or 0.0
    is_size = 0 < width <= SIDE_MAX_PX and 0 < height <= SIDE_MAX_PX
    return replace(
        looked,
        width=width if is_size else None,
        height=height if is_size else None,
        duration_s=duration_s if 0 < duration_s <= DURATION_MAX_S else None,
    )
