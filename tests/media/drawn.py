"""Pictures that tests make."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

RED, BLUE = (200, 30, 30), (30, 30, 200)
ORIENTATION, GPS = 0x0112, 0x8825


def flag(size: tuple[int, int] = (64, 32), mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right, so that one sees how it lies."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (size[0] // 2, 0, *size))
    return picture.convert(mode)


def exif(orientation: int = 1) -> Image.Exif:
    """As a phone writes it: how it was held, what it is, and where it was."""
    said = Image.Exif()
    said[ORIENTATION] = orientation
    said[0x010F] = "Phone & Sons"
    said.get_ifd(GPS)[2] = (52.0, 31.0, 12.0)
    return said


def saved(picture: Image.Image, kind: str, **how: Any) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


def opened(path: Path | None) -> Image.Image:
    assert path is not None
    picture = Image.open(BytesIO(path.read_bytes()))
    picture.load()
    return picture


def alpha(picture: Image.Image, place: tuple[int, int]) -> int:
    """How much of the picture there is there, of 255."""
    left, top = place
    return picture.convert("RGBA").crop((left, top, left + 1, top + 1)).tobytes()[3]


def near(one: Any, other: Any, within: int = 12) -> bool:
    """Whether two colours look the same."""
    return all(abs(a - b) <= within for a, b in zip(one, other, strict=True))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
