"""What was found out about a file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from msgspec import Struct


class Kind(StrEnum):
    """How a file is shown."""

    PICTURE = "picture"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"
    """Not at all: it is offered for download."""


class Looked(Struct, frozen=True):
    """What a file holds, and what is to be served in its place."""

    kind: Kind
    type: str
    """The media type to serve it with: `application/octet-stream` where it is not known, and never
    one that a browser would run."""
    width: int | None = None
    """In pixels, once turned upright."""
    height: int | None = None
    duration_s: float | None = None
    clean: Path | None = None
    """What takes the place of the upload: encoded anew, without metadata. None: serve what came.

    Places are taken out of MP4 and QuickTime in the upload itself, so that this is None there.
    """
    preview: Path | None = None
    """A WebP of at most 800 × 800 pixels: upright, sRGB, without metadata; of an animation, its
    first frame. None for what is small enough itself, and for all but pictures."""
    is_animated: bool = False
    is_changed: bool = False
    """Whether something was taken out of the upload itself."""
