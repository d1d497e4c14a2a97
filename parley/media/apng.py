"""Animated PNGs, frame by frame, as `gif` does it and why; besides, Pillow keeps all in memory.

APNG is part of PNG since its third edition: https://www.w3.org/TR/png-3/#apng-frame-based-animation
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import BinaryIO

from msgspec import Struct
from PIL import Image, PngImagePlugin

from parley.media.bounds import Broken, Frames

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEEPS = {"L", "LA", "P", "RGB", "RGBA"}


class Frame(Struct):
    control: bytes
    """Size, place, delay, disposal and blending, as in the file; nothing: it isn't shown."""
    size: tuple[int, int]
    place: tuple[int, int]
    pixels: bytearray
    """As they are compressed."""


class Apng(Struct):
    size: tuple[int, int]
    header: bytes
    """Depth, kind of colour and what else is the same for all frames."""
    common: bytes
    """The chunks that each frame needs: its palette, and what shows through."""
    plays: int
    frames: list[Frame]

    @property
    def shown(self) -> list[Frame]:
        return [frame for frame in self.frames if frame.control]


def is_animated(head: bytes) -> bool:
    """Whether a PNG that begins so has frames: that is said before its pixels."""
    says = head.find(b"acTL")
    return 0 <= says < (head.find(b"IDAT") if b"IDAT" in head else len(head))


def read(content: bytes) -> Apng:
    """What it is made of. Raises `Broken`, and `TooLarge` past what may be opened."""
    try:
        return _read(content)
    except (IndexError, struct.error, ValueError) as error:
        raise Broken from error


def _read(content: bytes) -> Apng:
    chunks = _chunks(content)
    name, header = next(chunks, (b"", b""))
    if name != b"IHDR":
        raise Broken
    size = struct.unpack(">II", header[:8])
    count, common, plays = Frames(), b"", 0
    count.check(size)
    frames: list[Frame] = []
    awaited: Frame | None = None
    for name, body in chunks:
        if name in {b"PLTE", b"tRNS"}:
            common += _chunk(name, body)
        elif name == b"acTL":
            _count, plays = struct.unpack(">II", body)
        elif name == b"fcTL":
            awaited = _frame(body, size)
            count.add(awaited.size)
            frames.append(awaited)
        elif name == b"IDAT":
            if not frames:  # For who knows nothing of animations.
                frames.append(Frame(b"", size, (0, 0), bytearray()))
            frames[-1].pixels += body
        elif name == b"fdAT" and awaited is not None:
            awaited.pixels += body[4:]
    if not awaited or not all(frame.pixels for frame in frames):
        raise Broken
    return Apng(size, header[8:], common, plays, frames)


def _frame(body: bytes, canvas: tuple[int, int]) -> Frame:
    width, height, left, top = struct.unpack(">4I", body[4:20])
    if not width or not height or left + width > canvas[0] or top + height > canvas[1]:
        raise Broken
    return Frame(body[4:26], (width, height), (left, top), bytearray())


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(content):
        (size,) = struct.unpack_from(">I", content, at)
        body = content[at + 8 : at + 8 + size]
        if len(body) < size:
            raise Broken
        yield content[at + 4 : at + 8], body
        if content[at + 4 : at + 8] == b"IEND":
            return
        at += 12 + size
    raise Broken


def decoded(apng: Apng, frame: Frame) -> Image.Image:
    """What a frame shows, by itself. Raises what Pillow does for pixels that are damaged."""
    alone = SIGNATURE + _chunk(b"IHDR", struct.pack(">II", *frame.size) + apng.header)
    alone += apng.common + _chunk(b"IDAT", bytes(frame.pixels)) + _chunk(b"IEND", b"")
    with PngImagePlugin.PngImageFile(BytesIO(alone)) as picture:
        picture.load()
        return picture.copy()


def write(apng: Apng, file: BinaryIO, coloured: Callable[[Image.Image], Image.Image]) -> None:
    """The same, of its pixels alone, each frame in the colours that `coloured` gives it."""
    numbers = iter(range(2 * len(apng.frames) + 1))
    head = b""
    for index, frame in enumerate(apng.frames):
        chunks = dict(_encoded(coloured(_plain(decoded(apng, frame)))))
        if not head:
            head = _head(apng, chunks)
            file.write(head)
        elif chunks[b"IHDR"][8:] != head[24:29]:
            raise Broken
        if frame.control:
            file.write(_chunk(b"fcTL", struct.pack(">I", next(numbers)) + frame.control))
        if index == 0:
            file.write(_chunk(b"IDAT", chunks[b"IDAT"]))
        else:
            file.write(_chunk(b"fdAT", struct.pack(">I", next(numbers)) + chunks[b"IDAT"]))
    file.write(_chunk(b"IEND", b""))


def _head(apng: Apng, chunks: dict[bytes, bytes]) -> bytes:
    says = _chunk(b"acTL", struct.pack(">II", len(apng.shown), apng.plays))
    common = (_chunk(name, chunks[name]) for name in (b"PLTE", b"tRNS") if name in chunks)
    header = struct.pack(">II", *apng.size) + chunks[b"IHDR"][8:]
    return SIGNATURE + _chunk(b"IHDR", header) + says + b"".join(common)


def _plain(picture: Image.Image) -> Image.Image:
    """Of a kind that all frames can be of, whatever this one holds."""
    if "transparency" in picture.info and picture.mode != "P":
        return picture.convert("RGBA")
    return picture if picture.mode in _KEEPS else picture.convert("L")


def _encoded(picture: Image.Image) -> Iterator[tuple[bytes, bytes]]:
    """Its chunks, the pixels in one."""
    file = BytesIO()
    kept = picture.info.get("transparency")
    picture.info = {} if kept is None else {"transparency": kept}
    picture.save(file, "PNG", **({"bits": 8} if picture.mode == "P" else {}))
    pixels = b""
    for name, body in _chunks(file.getvalue()):
        if name == b"IDAT":
            pixels += body
        else:
            yield name, body
    yield b"IDAT", pixels


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
