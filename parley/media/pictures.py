"""Pictures, opened and encoded anew. Only the worker's process imports this."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, ImageOps, JpegImagePlugin

MAX_PIXELS = 40_000_000
"""In one frame; decoded, each takes four bytes."""
PREVIEW_PX = 800
SMALL_BYTES = 200_000
"""What is not larger than this, nor than a preview, needs none."""
JPEG_QUALITY = 90
_COARSER_THAN_OURS = 739
"""The sum of the brightness table at that quality. What was saved more coarsely keeps its own
tables: it loses next to nothing by them, and does not grow."""

FORMATS = {
    "image/jpeg": ("JPEG", "MPO"),
    "image/png": ("PNG",),
}

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
# Past the limit Pillow warns, and refuses only what is twice as large.
warnings.simplefilter("error", Image.DecompressionBombWarning)


class TooLargeToOpen(Exception):
    bad = "too_large"


def look(path: Path, media_type: str, into: Path, stem: str) -> dict[str, Any]:
    """What the picture holds; its clean copy and its preview are made in `into`.

    Raises whatever Pillow does for what it cannot open.
    """
    try:
        with Image.open(path, formats=FORMATS[media_type]) as picture:
            return _still(picture, media_type, into, stem)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLargeToOpen from error


def _still(picture: Image.Image, media_type: str, into: Path, stem: str) -> dict[str, Any]:
    saved = _ENCODERS[media_type](picture)
    picture.load()
    small = _small(picture)
    upright = _bare(ImageOps.exif_transpose(picture))
    extension = media_type.partition("/")[2]
    clean = _write(into / f"{stem}.{extension}", lambda file: saved(upright, file))
    preview = None
    if max(upright.size) > PREVIEW_PX or clean.stat().st_size > SMALL_BYTES:
        preview = _write(into / f"{stem}.preview.webp", lambda file: _save_preview(small, file))
    _sync(into)
    return {
        "type": media_type,
        "width": upright.width,
        "height": upright.height,
        "clean": clean.name,
        "preview": preview and preview.name,
        "is_animated": False,
    }


def _small(picture: Image.Image) -> Image.Image:
    """A preview of it, made before it is turned: that moves a hundredth of the bytes.

    The larger side is told by the picture, so that one of a single column has one, too.
    """
    scale = min(1.0, PREVIEW_PX / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = _in_colour(picture).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    small.info = {"exif": picture.info["exif"]} if "exif" in picture.info else {}
    return _bare(ImageOps.exif_transpose(small))


def _in_colour(picture: Image.Image) -> Image.Image:
    """With all that a preview can hold: colours, and what shows through, without a palette."""
    if picture.mode.startswith("I"):
        return _eight_bits(picture)
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    return picture if picture.mode in {"L", "RGB"} else picture.convert("RGB")


def _eight_bits(grey: Image.Image) -> Image.Image:
    return grey.convert("I").point(lambda level: level / 256).convert("L")


def _bare(picture: Image.Image) -> Image.Image:
    """The same without what is said about it: savers write that again unasked."""
    kept = picture.info.get("transparency")
    picture.info = {} if kept is None else {"transparency": kept}
    return picture


Saved = Callable[[Image.Image, BinaryIO], None]


def _jpeg(source: Image.Image) -> Saved:
    """Saves a picture as JPEG, as `source` was."""
    sampling = JpegImagePlugin.get_sampling(source)
    tables = getattr(source, "quantization", {})
    coarse = sum(tables.get(0, ())) >= _COARSER_THAN_OURS and source.mode != "CMYK"
    how: dict[str, Any] = {"qtables": tables} if coarse else {"quality": JPEG_QUALITY}
    if sampling >= 0 and source.mode == "RGB":
        how["subsampling"] = sampling

    def save(picture: Image.Image, file: BinaryIO) -> None:
        picture.save(file, "JPEG", **how)

    return save


def _png(_source: Image.Image) -> Saved:
    def save(picture: Image.Image, file: BinaryIO) -> None:
        picture.save(file, "PNG")

    return save


_ENCODERS: dict[str, Callable[[Image.Image], Saved]] = {"image/jpeg": _jpeg, "image/png": _png}


def _save_preview(picture: Image.Image, file: BinaryIO) -> None:
    picture.save(file, "WEBP", quality=80, method=4)


def _write(path: Path, save: Callable[[BinaryIO], None]) -> Path:
    """A file that is on the disk, whole, once this returns."""
    with path.open("xb") as file:
        save(file)
        file.flush()
        os.fsync(file.fileno())
    return path


def _sync(folder: Path) -> None:
    """Have the names of the new files on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
