"""WAV, FLAC, and the frames of MPEG audio: MP3 and AAC."""

from __future__ import annotations

import struct
from collections.abc import Callable

from msgspec import Struct

from parley.media.looked import Kind, Looked
from parley.media.window import Window

_TO_THE_END = 0x7FFF_0000
"""Sizes from here on are those of a program that wrote as it recorded."""
_PADDING_BYTES = 4096
"""Of zeros, between a tag and the first frame."""
_AAC_SAMPLE_BYTES = 65_536
_ID3V1_BYTES = 128


def _audio(media_type: str, duration_s: float | None) -> Looked:
    return Looked(Kind.AUDIO, media_type, duration_s=duration_s if duration_s else None)


def wav(window: Window) -> Looked | None:
    """RIFF: chunks, of which one says how many bytes a second there are."""
    at, bytes_a_second = 12, 0
    while len(head := window.read(at, 8)) == 8:
        name, size = head[:4], int.from_bytes(head[4:], "little")
        if name == b"fmt ":
            (bytes_a_second,) = struct.unpack_from("<I", window.read(at + 8, 16), 8)
        elif name == b"data":
            there = max(0, window.size - at - 8)
            size = there if size == 0 or size >= _TO_THE_END else min(size, there)
            return _audio("audio/wav", size / bytes_a_second if bytes_a_second else None)
        at += 8 + size + size % 2
    return None


def flac(window: Window) -> Looked | None:
    """The first block says how many samples there are (RFC 9639, 8.2)."""
    head = window.read(0, 26)
    if len(head) < 26 or head[4] & 0x7F != 0:
        return None
    rate = int.from_bytes(head[18:21]) >> 4
    samples = int.from_bytes(head[21:26]) & 0xF_FFFF_FFFF
    return _audio("audio/flac", samples / rate) if rate else None


class Frame(Struct, frozen=True):
    """One frame of MPEG audio, as its header tells it."""

    size: int
    samples: int
    rate: int
    """Samples a second."""
    side: int = 0
    """Bytes before the place where the first one says how many there are."""


def mpeg(window: Window) -> Looked | None:
    """MP3 or AAC, after the tags that players skip; None where there are no two frames in a row."""
    at = _after_tags(window)
    if window.read(at, 4) == b"fLaC":
        return None  # Players don't look for it behind a tag.
    begin, parse = at, None
    if head := window.read(at, _PADDING_BYTES + 16).lstrip(b"\0"):
        begin = at + min(_PADDING_BYTES + 16, window.size - at) - len(head)
        parse = aac_frame if head[1:2] and head[1] & 0x06 == 0 else mp3_frame
    frame = parse(window.read(begin, 10)) if parse else None
    if parse is None or frame is None or not _follows(window, begin + frame.size, parse):
        return None
    if parse is aac_frame:
        return _audio("audio/aac", _aac_duration_s(window, begin, frame))
    return _audio("audio/mpeg", _mp3_duration_s(window, begin, frame))


def _after_tags(window: Window) -> int:
    at = 0
    while (tag := window.read(at, 10))[:3] == b"ID3" and len(tag) == 10:
        size = 0
        for part in tag[6:]:
            size = size << 7 | part & 0x7F
        at += 10 + size + (10 if tag[5] & 0x10 else 0)
    return at


def _follows(window: Window, at: int, parse: Callable[[bytes], Frame | None]) -> bool:
    """Whether there is a frame, or an end."""
    head = window.read(at, 10)
    return at == window.size or head[:3] in {b"TAG", b"ID3"} or parse(head) is not None


_BIT_RATES = {  # In kbit/s, by version and layer (ISO/IEC 11172-3, 13818-3).
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44_100, 48_000, 32_000)
_AAC_RATES: tuple[int, ...] = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000)
_AAC_RATES += (22_050, 16_000, 12_000, 11_025, 8_000, 7_350)


def mp3_frame(head: bytes) -> Frame | None:
    """What the header of a frame of MPEG audio says, layers I to III."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bits, rate_index, padded = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer == 4 or not 0 < bits < 15 or rate_index == 3:
        return None
    is_first = version == 3
    bit_rate = _BIT_RATES[1 if is_first else 2, layer][bits - 1] * 1000
    rate = _RATES[rate_index] >> {3: 0, 2: 1, 0: 2}[version]
    if layer == 1:
        return Frame((12 * bit_rate // rate + padded) * 4, 384, rate)
    samples = 1152 if is_first or layer == 2 else 576
    is_mono = head[3] >> 6 == 3
    side = (17 if is_mono else 32) if is_first else (9 if is_mono else 17)
    return Frame(samples // 8 * bit_rate // rate + padded, samples, rate, 4 + side)


def _mp3_duration_s(window: Window, begin: int, first: Frame) -> float | None:
    content = window.read(begin, first.size)
    if content[first.side : first.side + 4] in {b"Xing", b"Info"}:
        samples = _samples_told(content[first.side :], first)
    elif content[36:40] == b"VBRI":
        samples = int.from_bytes(content[50:54]) * first.samples
    else:
        samples = 0
    if samples > 0:
        return samples / first.rate
    # As many as fit, if all are as large.
    tail = window.read(window.size - _ID3V1_BYTES, 3)
    there = window.size - begin - (_ID3V1_BYTES if tail == b"TAG" else 0)
    return there / first.size * first.samples / first.rate


def _samples_told(xing: bytes, first: Frame) -> int:
    """What an encoder wrote of the whole into the first frame, less what it had to add."""
    flags, count = struct.unpack_from(">II", xing, 4)
    if not flags & 1:
        return 0
    # Count, bytes, a table to seek by, quality: each only where its flag says so.
    at = 8 + 4 * bool(flags & 1) + 4 * bool(flags & 2) + 100 * bool(flags & 4)
    at += 4 * bool(flags & 8) + 21
    added = int.from_bytes(xing[at : at + 3])
    return int(count) * first.samples - (added >> 12) - (added & 0xFFF)


def aac_frame(head: bytes) -> Frame | None:
    """What the header of a frame of AAC says (ADTS: ISO/IEC 13818-7)."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    rate_index = head[2] >> 2 & 0xF
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate_index >= len(_AAC_RATES) or size < 8:
        return None
    return Frame(size, 1024 * ((head[6] & 3) + 1), _AAC_RATES[rate_index])


def _aac_duration_s(window: Window, begin: int, first: Frame) -> float:
    """By the mean of the first frames: nothing says how many there are."""
    content, at, samples = window.read(begin, _AAC_SAMPLE_BYTES), 0, 0
    while (frame := aac_frame(content[at : at + 7])) is not None:
        at += frame.size
        samples += frame.samples
    there = window.size - begin
    return there / max(at, first.size) * samples / first.rate
