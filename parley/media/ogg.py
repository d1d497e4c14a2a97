"""Ogg: pages of one stream or several (RFC 3533; Opus in it, RFC 7845)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from parley.media.looked import Kind, Looked
from parley.media.window import Window

_HEAD_BYTES = 65_536
_TAIL_BYTES = 131_072
"""A page has at most half of that."""
_BEGINS = 2
_NO_TIME = -1
_OPUS_HZ = 48_000


class Page(NamedTuple):
    flags: int
    granule: int
    """The number of samples up to its end; -1: no packet ends on it."""
    serial: int
    body: bytes


def look(window: Window) -> Looked | None:
    """Sound by codecs that browsers play. None for anything else, like film."""
    first = [page for page in _pages(window.read(0, _HEAD_BYTES)) if page.flags & _BEGINS]
    streams = [(page.serial, *_rate(page.body)) for page in first]
    if not streams or not all(rate for _serial, rate, _skipped in streams):
        return None
    serial, rate, skipped = streams[0]
    tail = list(_pages(window.read(max(0, window.size - _TAIL_BYTES), _TAIL_BYTES)))
    ends = [page.granule for page in tail if page.serial == serial and page.granule != _NO_TIME]
    samples = ends[-1] - skipped if ends else 0
    return Looked(Kind.AUDIO, "audio/ogg", duration_s=samples / rate if samples > 0 else None)


def _pages(content: bytes) -> Iterator[Page]:
    at = content.find(b"OggS")
    while 0 <= at <= len(content) - 27:
        flags, granule, serial = struct.unpack_from("<xBqI", content, at + 4)
        table = content[at + 27 : at + 27 + content[at + 26]]
        body = at + 27 + len(table)
        yield Page(flags, granule, serial, content[body : body + sum(table)])
        at = content.find(b"OggS", at + 4)


def _rate(begins: bytes) -> tuple[int, int]:
    """Samples a second, and how many are played to nobody; zeros for an unknown codec."""
    if begins.startswith(b"OpusHead"):
        return _OPUS_HZ, int.from_bytes(begins[10:12], "little")
    if begins.startswith(b"\x01vorbis"):
        return int.from_bytes(begins[12:16], "little"), 0
    if begins.startswith(b"\x7fFLAC"):
        return int.from_bytes(begins[27:30]) >> 4, 0
    return 0, 0
