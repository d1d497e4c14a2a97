"""Real files, small enough to be made by the tests that send them."""

from __future__ import annotations

import io
import math
import struct
import wave
import zlib

from PIL import Image, ImageDraw, ImageOps
from playwright.sync_api import FilePayload

from tests.media.recorded import element, number


def png(width: int = 40, height: int = 30, *, red: int = 200) -> bytes:
    """A picture in one colour."""
    row = b"\0" + bytes((red, 120, 40)) * width

    def chunk(kind: bytes, held: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + held))
        return struct.pack(">I", len(held)) + kind + held + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    held = zlib.compress(row * height, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", held) + chunk(b"IEND", b"")


def drawn(width: int, height: int, which: int) -> bytes:
    """A picture to look at: a sun over hills, at another hour for each number."""
    hue = 40 * which % 360
    sky = ImageOps.colorize(
        Image.linear_gradient("L").resize((width, height)),
        f"hsl({hue}, 55%, 45%)",
        f"hsl({(hue + 40) % 360}, 75%, 82%)",
    )
    pen = ImageDraw.Draw(sky)
    side = min(width, height)
    x, y, radius = width * (which % 3 + 1) // 4, height * 2 // 5, side // 9
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill="#fff6d8")
    for far in (3, 2, 1):
        top = height - side * far // 8
        hill = [
            (at, top + side * math.sin(at / side * 2 + far * which) / 16) for at in range(width)
        ]
        pen.polygon([(0, height), *hill, (width, height)], fill=f"hsl({hue}, 30%, {8 + 9 * far}%)")
    made = io.BytesIO()
    sky.save(made, "PNG")
    return made.getvalue()


def wav(seconds: float = 1.0) -> bytes:
    """A tone that swells."""
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        count = int(8000 * seconds)
        samples = [(at * 32 % 8000) * at // count for at in range(count)]
        sound.writeframes(struct.pack(f"<{count}h", *samples))
    return made.getvalue()


def film(seconds: float = 2.0, width: int = 320, height: int = 180, *, per_s: int = 10) -> bytes:
    """One that plays: black for half a second, then red. A lossy WebP is a key frame of VP8."""
    dark, red = (_frame(width, height, colour) for colour in ("black", "red"))
    step_ms = 1000 // per_s
    count = int(seconds * per_s)
    blocks = (
        element(
            0xA3,
            b"\x81" + struct.pack(">hB", at * step_ms, 0x80) + (dark if at < per_s / 2 else red),
        )
        for at in range(count)
    )
    duration = struct.pack(">d", seconds * 1000)
    track = element(
        0xAE,
        number(0xD7, 1),
        number(0x73C5, 1),
        number(0x83, 1),
        element(0x86, b"V_VP8"),
        element(0xE0, number(0xB0, width), number(0xBA, height)),
    )
    head = element(0x1A45DFA3, element(0x4282, b"webm"))
    info = element(0x1549A966, number(0x2AD7B1, 1_000_000), element(0x4489, duration))
    cluster = element(0x1F43B675, number(0xE7, 0), *blocks)
    return head + element(0x18538067, info, element(0x1654AE6B, track), cluster)


def _frame(width: int, height: int, colour: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(made, "WEBP", quality=60)
    webp = made.getvalue()
    assert webp[12:16] == b"VP8 "
    return webp[20 : 20 + int.from_bytes(webp[16:20], "little")]


def payload(name: str, content: bytes, type: str = "application/octet-stream") -> FilePayload:
    """As somebody chooses it."""
    return {"name": name, "mimeType": type, "buffer": content}


def picture(name: str = "lake.png", width: int = 40, height: int = 30) -> FilePayload:
    return payload(name, png(width, height), "image/png")
