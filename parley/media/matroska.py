"""WebM: elements in elements (RFC 8794, RFC 9559)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from parley.media.looked import Kind, Looked
from parley.media.window import Window

_EBML, _DOC_TYPE = 0x1A45DFA3, 0x4282
_SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_TIMESTAMP_SCALE, _DURATION = 0x2AD7B1, 0x4489
_TRACK, _TRACK_TYPE, _FRAME_NS, _VIDEO = 0xAE, 0x83, 0x23E383, 0xE0
_WIDTH, _HEIGHT = 0xB0, 0xBA
_SHOWN_WIDTH, _SHOWN_HEIGHT, _SHOWN_IN = 0x54B0, 0x54BA, 0x54B2
_TIMESTAMP, _SIMPLE_BLOCK, _GROUP, _BLOCK, _LASTS = 0xE7, 0xA3, 0xA0, 0xA1, 0x9B
_FILM, _SOUND = 1, 2
_PIXELS = 0
_TAIL_BYTES = 4 * 1024 * 1024
"""The last cluster begins within these: browsers begin one every few seconds."""
_STEP_BYTES = 256 * 1024
_CLUSTER_ID = _CLUSTER.to_bytes(4)


class Element(NamedTuple):
    id: int
    body: int
    end: int
    is_open: bool
    """It doesn't say where it ends, as what is written while it happens."""


class _Film(Struct):
    scale_ns: int = 1_000_000
    duration: float = 0.0
    tracks: set[int] = set()
    size: tuple[int, int] = (0, 0)


def look(window: Window) -> Looked | None:
    """What a browser would play; None for Matroska of any other kind."""
    header, *others = _elements(window, 0, window.size)
    doc_type = next(
        (_bytes(window, each) for each in _elements(window, header.body, header.end)
         if each.id == _DOC_TYPE),
        b"",
    )  # fmt: skip
    segment = next((each for each in others if each.id == _SEGMENT), None)
    if doc_type.rstrip(b"\0") != b"webm" or segment is None:
        return None
    film = _Film()
    for each in _elements(window, segment.body, segment.end):
        if each.id == _INFO:
            _info(window, each, film)
        elif each.id == _TRACKS:
            _tracks(window, each, film)
        if each.id == _CLUSTER and film.tracks:
            break
    if not film.tracks & {_FILM, _SOUND}:
        return None
    ticks = film.duration if film.duration > 0 else _last_tick(window)
    duration_s = ticks * film.scale_ns / 1e9 if ticks else None
    if _FILM not in film.tracks:
        return Looked(Kind.AUDIO, "audio/webm", duration_s=duration_s)
    width, height = film.size
    return Looked(Kind.VIDEO, "video/webm", width or None, height or None, duration_s)


def _elements(window: Window, at: int, end: int) -> Iterator[Element]:
    """Those from there to there, as far as they make sense."""
    while at < end:
        head = window.read(at, 12)
        id_bytes = _length(head[:1], 4)
        size_bytes = _length(head[id_bytes : id_bytes + 1], 8)
        if not id_bytes or not size_bytes or len(head) < id_bytes + size_bytes:
            return
        size = int.from_bytes(head[id_bytes : id_bytes + size_bytes])
        size &= (1 << 7 * size_bytes) - 1
        is_open = size == (1 << 7 * size_bytes) - 1
        body = at + id_bytes + size_bytes
        until = end if is_open else min(body + size, end)
        yield Element(int.from_bytes(head[:id_bytes]), body, until, is_open)
        at = until


def _length(first: bytes, most: int) -> int:
    """How many bytes a number has, told by its first; 0 where it can't be one."""
    length = 9 - first[0].bit_length() if first and first[0] else 0
    return length if length <= most else 0


def _bytes(window: Window, element: Element) -> bytes:
    return window.read(element.body, min(element.end - element.body, 64))


def _number(window: Window, element: Element) -> int:
    return int.from_bytes(_bytes(window, element)[:8])


def _info(window: Window, info: Element, film: _Film) -> None:
    for each in _elements(window, info.body, info.end):
        if each.id == _TIMESTAMP_SCALE:
            film.scale_ns = _number(window, each)
        elif each.id == _DURATION:
            body = _bytes(window, each)
            (film.duration,) = struct.unpack(">f" if len(body) == 4 else ">d", body)
            film.duration = film.duration if film.duration < 1e15 else 0.0


def _tracks(window: Window, tracks: Element, film: _Film) -> None:
    for track in _elements(window, tracks.body, tracks.end):
        for each in _elements(window, track.body, track.end) if track.id == _TRACK else ():
            if each.id == _TRACK_TYPE:
                film.tracks = film.tracks | {_number(window, each)}
            elif each.id == _VIDEO and not all(film.size):
                film.size = _size(window, each)


def _size(window: Window, video: Element) -> tuple[int, int]:
    said = {each.id: _number(window, each) for each in _elements(window, video.body, video.end)}
    pixels = said.get(_WIDTH, 0), said.get(_HEIGHT, 0)
    shown = said.get(_SHOWN_WIDTH, 0), said.get(_SHOWN_HEIGHT, 0)
    return shown if said.get(_SHOWN_IN, _PIXELS) == _PIXELS and all(shown) else pixels


def _last_tick(window: Window) -> int:
    """When the last frame ends, of a file whose beginning was written before it was known.

    That is how browsers record: https://issues.chromium.org/issues/40482588
    """
    tail, begin = b"", window.size
    while begin > 0 and len(tail) < _TAIL_BYTES:
        step = min(_STEP_BYTES, begin)
        begin -= step
        tail = window.read(begin, step) + tail
        at = tail.rfind(_CLUSTER_ID, 0, step + 3)
        while at >= 0:
            if ticks := _end_of_cluster(window, begin + at):
                return ticks
            at = tail.rfind(_CLUSTER_ID, 0, at)
    return 0


def _end_of_cluster(window: Window, at: int) -> int:
    """When the last frame of the cluster at that place ends; 0 where there is none."""
    cluster = next(_elements(window, at, window.size), None)
    if cluster is None:
        return 0
    begin, last, before = -1, -1, dict[int, int]()
    lasts = 0
    for each in _elements(window, cluster.body, cluster.end):
        if each.id == _TIMESTAMP:
            begin = _number(window, each)
        if begin < 0:
            return 0  # It comes first, or this is no cluster.
        frame, long = _frame(window, each)
        if frame is None:
            continue
        track, tick = frame
        if begin + tick >= last:
            last = begin + tick
            lasts = long or tick - before.get(track, tick)
        before[track] = tick
    return last + lasts if last >= 0 else 0


def _frame(window: Window, element: Element) -> tuple[tuple[int, int] | None, int]:
    """The track of a frame and its time in its cluster, and how long it says it lasts."""
    block, long = (element if element.id == _SIMPLE_BLOCK else None), 0
    if element.id == _GROUP:
        for each in _elements(window, element.body, element.end):
            if each.id == _BLOCK:
                block = each
            elif each.id == _LASTS:
                long = _number(window, each)
    if block is None:
        return None, 0
    head = window.read(block.body, 6)
    size = _length(head[:1], 4)
    if not size or len(head) < size + 2:
        return None, 0
    (tick,) = struct.unpack_from(">h", head, size)
    return (int.from_bytes(head[:size]), tick), long
