"""Sound and film that tests make: all that is said about them, and hardly anything to play."""

from __future__ import annotations

import struct
import wave
from io import BytesIO

RATE = 48_000
UPRIGHT = (0x10000, 0, 0, 0x10000)
QUARTER_TURN = (0, 0x10000, -0x10000, 0)
HERE = b"+52.5200+013.4050/"
UNKNOWN_SIZE = b"\x01\xff\xff\xff\xff\xff\xff\xff"
LIVE = -1
"""A duration that wasn't known when the beginning was written."""


def box(name: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + name + body


def full(name: bytes, *content: bytes, flags: int = 0) -> bytes:
    return box(name, struct.pack(">I", flags), *content)


def mvhd(duration_s: float) -> bytes:
    return full(b"mvhd", struct.pack(">4I80x", 0, 0, 1000, round(duration_s * 1000)))


def trak(
    handler: bytes,
    size: tuple[int, int] = (0, 0),
    matrix: tuple[int, int, int, int] = UPRIGHT,
    *more: bytes,
) -> bytes:
    a, b, c, d = matrix
    nine = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 0x4000_0000)
    width, height = size
    place = struct.pack(">II", width << 16, height << 16)
    head = full(b"tkhd", struct.pack(">5I16x", 0, 0, 1, 0, 0), nine, place)
    media = full(b"mdhd", struct.pack(">4I4x", 0, 0, 1000, 0))
    return box(
        b"trak", head, box(b"mdia", media, full(b"hdlr", b"mhlr", handler, bytes(13))), *more
    )


def mp4(*moov: bytes, brand: bytes = b"isom", after: bytes = b"") -> bytes:
    """A film; what there is to play comes before what is said of it, as a phone writes it."""
    played = box(b"mdat", bytes(1000))
    return box(b"ftyp", brand, bytes(4), brand) + played + box(b"moov", *moov) + after


def fragment(begin: int, samples: int, each: int) -> bytes:
    head = full(b"tfhd", struct.pack(">II", 1, each), flags=0x8)
    decode = full(b"tfdt", struct.pack(">I", begin))
    run = full(b"trun", struct.pack(">I", samples))
    return box(b"moof", box(b"traf", head, decode, run)) + box(b"mdat", bytes(64))


def iphone(place: bytes = HERE) -> bytes:
    """As Apple's camera says where it was: a key, and its value by number."""
    keys = [b"com.apple.quicktime.make", b"com.apple.quicktime.location.ISO6709"]
    listed = b"".join(box(b"mdta", key) for key in keys)
    items = (
        box((number + 1).to_bytes(4), box(b"data", struct.pack(">II", 1, 0), value))
        for number, value in enumerate((b"Apple", place))
    )
    handler = full(b"hdlr", bytes(4), b"mdta", bytes(13))
    count = struct.pack(">I", len(keys))
    return box(b"meta", handler, full(b"keys", count, listed), box(b"ilst", *items))


def android(place: bytes = HERE) -> bytes:
    return box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(place), 0x15C7), place))


def element(name: int, *content: bytes) -> bytes:
    body = b"".join(content)
    size = (1 << 56 | len(body)).to_bytes(8)
    return name.to_bytes((name.bit_length() + 7) // 8) + size + body


def number(name: int, value: int) -> bytes:
    return element(name, value.to_bytes(4))


def cluster(begin_ms: int, *ticks_ms: int, is_open: bool = True) -> bytes:
    """Frames of the first track, at these times after it begins."""
    blocks = (
        element(0xA3, b"\x81" + struct.pack(">hB", tick, 0x80), bytes(9)) for tick in ticks_ms
    )
    content = number(0xE7, begin_ms) + b"".join(blocks)
    return b"\x1f\x43\xb6\x75" + UNKNOWN_SIZE + content if is_open else element(0x1F43B675, content)


def webm(
    duration_s: float,
    *clusters: bytes,
    size: tuple[int, int] | None = None,
    doc_type: bytes = b"webm",
) -> bytes:
    """As a browser records it, where `duration_s` is `LIVE`."""
    told = [] if duration_s == LIVE else [element(0x4489, struct.pack(">d", duration_s * 1000))]
    info = element(0x1549A966, number(0x2AD7B1, 1_000_000), *told)
    video = element(0xE0, number(0xB0, size[0]), number(0xBA, size[1])) if size else b""
    track = element(0xAE, number(0x83, 1 if size else 2), video)
    content = info + element(0x1654AE6B, track) + b"".join(clusters)
    return (
        element(0x1A45DFA3, element(0x4282, doc_type))
        + b"\x18\x53\x80\x67"
        + UNKNOWN_SIZE
        + content
    )


def ogg_page(granule: int, body: bytes, flags: int = 0) -> bytes:
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, granule, 7, 0, 0, 1)
    return head + bytes((len(body),)) + body


def opus(seconds: float) -> bytes:
    skipped = 312
    begins = b"OpusHead\x01\x01" + struct.pack("<HIHB", skipped, RATE, 0, 0)
    last = round(seconds * RATE) + skipped
    middle = ogg_page(-1, bytes(200)) * 1000
    return ogg_page(0, begins, 2) + middle + ogg_page(last, bytes(50), 4) + ogg_page(-1, bytes(9))


def vorbis(seconds: float) -> bytes:
    begins = b"\x01vorbis" + struct.pack("<IBI", 0, 1, 44_100) + bytes(14)
    return ogg_page(0, begins, 2) + ogg_page(round(seconds * 44_100), bytes(50), 4)


def wav(seconds: float) -> bytes:
    file = BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(bytes(round(seconds * 8_000) * 2))
    return file.getvalue()


def flac(seconds: float) -> bytes:
    counts = (RATE << 44 | 15 << 36 | round(seconds * RATE)).to_bytes(8)
    return b"fLaC\x80\0\0\x22" + bytes(10) + counts + bytes(16)


def mp3(frames: int, xing: int = 0, tag: bytes = b"") -> bytes:
    """Layer III, 128 kbit/s at 44,100 Hz: 417 bytes and 1,152 samples a frame."""
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    told = b"\xff\xfb\x90\x00" + bytes(32) + b"Xing" + struct.pack(">II", 1, xing) + bytes(369)
    return tag + (told if xing else b"") + frame * frames


def id3(size: int) -> bytes:
    spread = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\0\0" + spread + bytes(size)


def aac(frames: int) -> bytes:
    """ADTS, 48,000 Hz: 1,024 samples a frame."""
    size = 200
    head = bytes(
        (0xFF, 0xF1, 0x4C, 0x80 | size >> 11, size >> 3 & 0xFF, (size & 7) << 5 | 0x1F, 0xFC)
    )
    return (head + bytes(size - 7)) * frames
