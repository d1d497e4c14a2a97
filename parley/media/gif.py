"""GIFs, frame by frame: each is decoded and encoded anew, and everything else written afresh.

Pillow would put each frame on the ones before it and choose its colours again: a larger file that
looks worse, and whose equal frames are one. So it is given the frames one at a time, as pictures of
their own, and what they have in common (palettes, places, delays, disposal, loop) is kept here.
GIF89a: https://www.w3.org/Graphics/GIF/spec-gif89a.txt
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from msgspec import Struct
from PIL import GifImagePlugin, Image

from parley.media.bounds import Broken, Frames

_LOOPS = {b"NETSCAPE2.0", b"ANIMEXTS1.0"}
_TRAILER, _EXTENSION, _IMAGE, _CONTROL, _APPLICATION = 0x3B, 0x21, 0x2C, 0xF9, 0xFF
_GREY = bytes(level for level in range(256) for _ in range(3))
_HAS_PALETTE, _INTERLACED, _SEE_THROUGH = 0x80, 0x40, 0x01


class Frame(Struct, frozen=True):
    """A part of the canvas, and how long it is shown."""

    box: tuple[int, int, int, int]
    """Left, top, width and height."""
    palette: bytes
    """Its own, or nothing: the one of all."""
    is_interlaced: bool
    codes: bytes
    """Its pixels, as they are compressed."""
    control: bytes
    """Delay, disposal and the colour that is none; or nothing."""


class Gif(Struct, frozen=True):
    size: tuple[int, int]
    palette: bytes
    background: int
    aspect: int
    loop: bytes
    """How often it plays; or nothing: once."""
    frames: list[Frame]


def read(content: bytes) -> Gif:
    """What it is made of. Raises `Broken`, and `TooLarge` past what may be opened."""
    try:
        return _Reader(content).gif()
    except (IndexError, struct.error) as error:
        raise Broken from error


def write(gif: Gif, file: BinaryIO) -> None:
    """The same, of its pixels alone. Raises `OSError` for frames that can't be decoded."""
    width, height = gif.size
    flags = _palette_flags(gif.palette) | 0x70
    file.write(b"GIF89a" + struct.pack("<HHBBB", width, height, flags, gif.background, gif.aspect))
    file.write(gif.palette)
    if gif.loop:
        file.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + gif.loop + b"\0")
    for frame in gif.frames:
        if frame.control:
            file.write(b"\x21\xf9\x04" + frame.control + b"\0")
        pixels = _decoded(frame, gif.palette)
        file.write(b"\x2c" + struct.pack("<4HB", *frame.box, _palette_flags(frame.palette)))
        file.write(frame.palette + _encoded(pixels))
    file.write(b"\x3b")


def _palette_flags(palette: bytes) -> int:
    return _HAS_PALETTE | ((len(palette) // 3).bit_length() - 2) if palette else 0


def _decoded(frame: Frame, common: bytes) -> Image.Image:
    """Its pixels, each the number of a colour."""
    _left, _top, width, height = frame.box
    palette = frame.palette or common or _GREY
    alone = struct.pack("<6sHHBBB", b"GIF89a", width, height, _palette_flags(palette), 0, 0)
    interlaced = _INTERLACED if frame.is_interlaced else 0
    alone += palette + b"\x2c" + struct.pack("<4HB", 0, 0, width, height, interlaced)
    with GifImagePlugin.GifImageFile(BytesIO(alone + frame.codes + b"\x3b")) as picture:
        picture.load()
        return Image.frombytes("L", picture.size, picture.tobytes())


def _encoded(pixels: Image.Image) -> bytes:
    file = BytesIO()
    pixels.save(file, "GIF", optimize=False, interlace=0)
    (frame,) = read(file.getvalue()).frames
    return frame.codes


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 6

    def gif(self) -> Gif:
        width, height, flags, background, aspect = self._unpacked("<HHBBB")
        palette = self._palette(flags)
        self._loop, self._control, count = b"", b"", Frames()
        frames = []
        for frame in self._frames():
            count.add(frame.box[2:])
            frames.append(frame)
        if not frames:
            raise Broken
        left, top, first_width, first_height = frames[0].box
        # Some say no size: it is that of the first frame then.
        size = (width or left + first_width, height or top + first_height)
        count.check(size)
        return Gif(size, palette, background, aspect, self._loop, frames)

    def _frames(self) -> Iterator[Frame]:
        while self._at < len(self._content):
            (kind,) = self._unpacked("B")
            if kind == _IMAGE:
                yield self._frame()
            elif kind == _EXTENSION:
                self._extension()
            else:
                # Its end; or anything, where browsers show what came before.
                return

    def _frame(self) -> Frame:
        *box, flags = self._unpacked("<4HB")
        left, top, width, height = box
        if not width or not height:
            raise Broken
        palette = self._palette(flags)
        codes = self._taken(1) + b"".join(self._blocks())
        control, self._control = self._control, b""
        return Frame((left, top, width, height), palette, bool(flags & _INTERLACED), codes, control)

    def _extension(self) -> None:
        (label,) = self._unpacked("B")
        blocks = list(self._blocks())[:-1]
        if label == _CONTROL and blocks and len(blocks[0]) == 5:
            self._control = _control(blocks[0][1:])
        elif label == _APPLICATION and len(blocks) > 1 and blocks[0][1:] in _LOOPS:
            says = blocks[1][1:]
            self._loop = says[1:3] if len(says) >= 3 and says[0] == 1 else self._loop

    def _palette(self, flags: int) -> bytes:
        return self._taken(3 << ((flags & 7) + 1)) if flags & _HAS_PALETTE else b""

    def _blocks(self) -> Iterator[bytes]:
        """The parts of what follows, each with its length before it, up to the empty one."""
        content, size = self._content, 1
        while size:
            size = content[self._at]
            yield self._taken(1 + size)

    def _taken(self, size: int) -> bytes:
        taken = self._content[self._at : self._at + size]
        if len(taken) < size:
            raise Broken
        self._at += size
        return taken

    def _unpacked(self, form: str) -> tuple[int, ...]:
        return struct.unpack(form, self._taken(struct.calcsize(form)))


def _control(said: bytes) -> bytes:
    flags, delay, colour = struct.unpack("<BHB", said)
    # Kept: disposal, and whether a colour is none. Not whether it waits for a key.
    return struct.pack("<BHB", flags & 0x1D, delay, colour if flags & _SEE_THROUGH else 0)
