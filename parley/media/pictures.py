"""Pictures, opened and encoded anew. Only the worker's process imports this."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from PIL import (
    AvifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    WebPImagePlugin,  # noqa: F401  # It makes itself known.
)

from parley.media import apng, gif, output
from parley.media.bounds import MAX_PIXELS, Frames, TooLarge
from parley.media.colour import in_srgb, profile_of
from parley.media.film import Film

PREVIEW_PX = 800
SMALL_BYTES = 200_000
"""What is not larger than this, nor than a preview, needs none."""
HEAD_BYTES = 262_144
"""Where a file says what its colours are, if it says it in numbers."""
JPEG_QUALITY = 90
_COARSER_THAN_OURS = 739
"""The sum of the brightness table at that quality. What was saved more coarsely keeps its own
tables: it loses next to nothing by them, and does not grow."""
_LARGE = 4_000_000
"""Pixels from which on what is kept exactly is made in less time rather than in fewer bytes."""
_ONE_CORE = 1

FORMATS = {
    "image/jpeg": ("JPEG", "MPO"),
    "image/png": ("PNG",),
    "image/gif": ("GIF",),
    "image/webp": ("WEBP",),
    "image/avif": ("AVIF",),
}

Image.preinit()
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
# Past the limit Pillow warns, and refuses only what is twice as large.
warnings.simplefilter("error", Image.DecompressionBombWarning)
AvifImagePlugin.DEFAULT_MAX_THREADS = _ONE_CORE


def look(path: Path, media_type: str, into: Path, stem: str) -> dict[str, Any]:
    """What the picture holds; its clean copy and its preview are made in `into`.

    Raises `bounds.Broken`, `bounds.TooLarge`, and whatever Pillow does for what it cannot open.
    """
    made = _Made(into, stem)
    try:
        with path.open("rb") as file, Image.open(file, formats=FORMATS[media_type]) as picture:
            if media_type == "image/gif":
                return _gif(picture, path, made)
            if media_type == "image/png" and apng.is_animated(_head(path)):
                return _apng(picture, path, made)
            if media_type in {"image/webp", "image/avif"} and _frames(picture) > 1:
                return _film(picture, path, made)
            return _still(picture, path, media_type, made)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge from error


def still(
    path: Path, media_type: str, into: Path, stem: str, max_px: int, square_px: int = 0
) -> dict[str, Any]:
    """Only a preview of the picture, whatever its size, or its middle as a square of so many
    pixels each way; raises as `look` does.
    """
    try:
        with path.open("rb") as file, Image.open(file, formats=FORMATS[media_type]) as picture:
            if max(picture.size) > max_px:
                raise TooLarge
            picture.load()
            small = _small(picture, profile_of(picture, _head(path)))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge from error
    if square_px:
        small = _bare(ImageOps.fit(small, (square_px, square_px), Image.Resampling.LANCZOS))
    made = into / f"{stem}.preview.webp"
    output.write(made, lambda file: small.save(file, "WEBP", quality=75))
    output.sync(into)
    return {"preview": made.name}


class _Made:
    """The files that are made of one picture, and what is said of them."""

    def __init__(self, into: Path, stem: str) -> None:
        self._into = into
        self._stem = stem

    def of(
        self,
        media_type: str,
        size: tuple[int, int],
        small: Image.Image,
        save: Callable[[BinaryIO], object],
        *,
        is_animated: bool = False,
    ) -> dict[str, Any]:
        clean = output.write(self._into / f"{self._stem}.{media_type.partition('/')[2]}", save)
        preview = None
        if is_animated or max(size) > PREVIEW_PX or clean.stat().st_size > SMALL_BYTES:
            path = self._into / f"{self._stem}.preview.webp"
            preview = output.write(path, lambda file: small.save(file, "WEBP", quality=80)).name
        output.sync(self._into)
        return {
            "type": media_type,
            "width": size[0],
            "height": size[1],
            "clean": clean.name,
            "preview": preview,
            "is_animated": is_animated,
        }


def _still(picture: Image.Image, path: Path, media_type: str, made: _Made) -> dict[str, Any]:
    save = _ENCODERS[media_type](picture, path)
    picture.load()
    profile = profile_of(picture, _head(path))
    small = _small(picture, profile)
    upright = ImageOps.exif_transpose(in_srgb(picture, profile))
    return made.of(media_type, upright.size, small, lambda file: save(_bare(upright), file))


def _gif(picture: Image.Image, path: Path, made: _Made) -> dict[str, Any]:
    read = gif.read(path.read_bytes())
    small = _small(picture, None)
    is_animated = len(read.frames) > 1
    return made.of(
        "image/gif", read.size, small, lambda file: gif.write(read, file), is_animated=is_animated
    )


def _apng(picture: Image.Image, path: Path, made: _Made) -> dict[str, Any]:
    read = apng.read(path.read_bytes())
    profile = profile_of(picture, _head(path))
    first = Image.new("RGBA", read.size)
    first.paste(apng.decoded(read, read.shown[0]).convert("RGBA"), read.shown[0].place)
    return made.of(
        "image/png",
        read.size,
        _small(first, profile),
        lambda file: apng.write(read, file, lambda frame: in_srgb(frame, profile)),
        is_animated=len(read.shown) > 1,
    )


def _film(picture: Image.Image, path: Path, made: _Made) -> dict[str, Any]:
    """WebP and AVIF that move become WebP: it is as small here, and made in a tenth of the time."""
    Frames().add(picture.size, _frames(picture))
    profile = profile_of(picture, _head(path))
    how = {"lossless": True, "quality": 20} if _is_lossless(path) else {"quality": 85}
    picture.load()
    small = _small(picture, profile)
    film = Film(picture, profile)
    return made.of(
        "image/webp",
        film.size,
        small,
        lambda file: film.save(
            file,
            "WEBP",
            save_all=True,
            duration=film.durations_ms,
            loop=picture.info.get("loop", 0),
            method=2,
            **how,
        ),
        is_animated=True,
    )


def _frames(picture: Image.Image) -> int:
    frames: int = getattr(picture, "n_frames", 1)
    return frames


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _small(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """A preview of it, made before it is turned: that moves a hundredth of the bytes.

    The larger side is told by the picture, so that one of a single column has one, too.
    """
    scale = min(1.0, PREVIEW_PX / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    whole = _in_colour(picture)
    small = whole.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    said = picture.info.get("exif")
    small.info = {"exif": said} if said else {}
    small = ImageOps.exif_transpose(in_srgb(small, profile))
    return _bare(_in_colour(small))


def _in_colour(picture: Image.Image) -> Image.Image:
    """Without a palette, or more than eight bits."""
    if picture.mode.startswith("I"):
        return _eight_bits(picture)
    if picture.mode in {"L", "LA", "RGB", "CMYK"} and "transparency" not in picture.info:
        return picture
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _eight_bits(grey: Image.Image) -> Image.Image:
    """Pillow's own way there makes all that is brighter than a 256th white."""
    return grey.convert("I").point(lambda level: level / 256).convert("L")


def _bare(picture: Image.Image) -> Image.Image:
    """The same without what is said about it: savers write that again unasked."""
    kept = picture.info.get("transparency")
    picture.info = {} if kept is None else {"transparency": kept}
    return picture


Saved = Callable[[Image.Image, BinaryIO], object]


def _jpeg(source: Image.Image, _path: Path) -> Saved:
    """Saves a picture as JPEG, as `source` was."""
    sampling = JpegImagePlugin.get_sampling(source)
    tables = getattr(source, "quantization", {})
    coarse = sum(tables.get(0, ())) >= _COARSER_THAN_OURS and source.mode != "CMYK"
    how: dict[str, Any] = {"qtables": tables} if coarse else {"quality": JPEG_QUALITY}
    if sampling >= 0 and source.mode == "RGB":
        how["subsampling"] = sampling
    return lambda picture, file: picture.save(file, "JPEG", **how)


def _png(source: Image.Image, _path: Path) -> Saved:
    how = {"compress_level": 3} if source.width * source.height > _LARGE else {}
    return lambda picture, file: picture.save(file, "PNG", **how)


def _webp(source: Image.Image, path: Path) -> Saved:
    how: dict[str, Any] = {"quality": 90}
    if _is_lossless(path):
        is_large = source.width * source.height > _LARGE
        how = {"lossless": True} | ({"method": 0, "quality": 20} if is_large else {})
    return lambda picture, file: picture.save(file, "WEBP", **how)


def _avif(_source: Image.Image, _path: Path) -> Saved:
    return lambda picture, file: picture.save(
        file, "AVIF", quality=80, speed=8, max_threads=_ONE_CORE
    )


_ENCODERS: dict[str, Callable[[Image.Image, Path], Saved]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/webp": _webp,
    "image/avif": _avif,
}


def _is_lossless(path: Path) -> bool:
    """Whether a WebP keeps every pixel, told by its first."""
    head = BytesIO(_head(path))
    if head.read(12)[8:] != b"WEBP":
        return False
    while len(chunk := head.read(8)) == 8:
        name, size = chunk[:4], int.from_bytes(chunk[4:], "little")
        if name in {b"VP8L", b"VP8 "}:
            return name == b"VP8L"
        # In a frame, the chunks that it is made of follow its place and its time.
        head.seek(16 if name == b"ANMF" else size + size % 2, 1)
    return False
