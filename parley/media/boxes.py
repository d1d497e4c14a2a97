"""MP4 and QuickTime: boxes in boxes (ISO/IEC 14496-12; Apple's QuickTime File Format)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from msgspec import Struct

from parley.media.looked import Kind, Looked
from parley.media.types import brands_of
from parley.media.window import TooMuch, Window

_LEAF_BYTES = 65_536
"""The most that is read of one box: those that matter here are smaller."""
_SOUND_BRANDS = {b"M4A ", b"M4B ", b"M4P "}
_LAST_FRAGMENTS = 8
"""Sound and film may take turns: the last of each is among these."""
_DEEPEST = 16
"""Boxes in boxes in boxes: no recorder goes half as deep."""
_UNKNOWN_DURATIONS = {0, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF}

_OF_A_TRACK = {b"tkhd", b"hdlr", b"mdhd", b"stsd"}
# What holds boxes on the way to a place.
_HOLDING = {b"moov", b"trak", b"udta", b"ilst", b"meta"}
_PLACES = {b"\xa9xyz", b"loci", b"XMP_"}
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_ZEROS_AT_ONCE = 65_536


class Box(NamedTuple):
    name: bytes
    start: int
    body: int
    end: int


class _Track(Struct):
    handler: bytes = b""
    track_id: int = 0
    timescale: int = 0
    size: tuple[int, int] = (0, 0)


def look(window: Window) -> Looked | None:
    """What a player would play. Raises `struct.error` where it is cut off."""
    top = list(_boxes(window, 0, window.size))
    moov = next((box for box in top if box.name == b"moov"), None)
    if moov is None:
        return None
    inside = {box.name: box for box in _boxes(window, moov.body, moov.end)}
    tracks = [_track(window, box) for box in _boxes(window, moov.body, moov.end, b"trak")]
    films = [track for track in tracks if track.handler == b"vide" and all(track.size)]
    if not films and not any(track.handler == b"soun" for track in tracks):
        return None
    duration_s = _duration_s(window, inside[b"mvhd"]) if b"mvhd" in inside else None
    if duration_s is None and b"mvex" in inside:
        fragments = [box for box in top if box.name == b"moof"]
        duration_s = _of_fragments(window, inside[b"mvex"], inside.get(b"mvhd"), fragments, tracks)
    brands = brands_of(window.read(0, 1024))
    if not films or (brands and brands[0] in _SOUND_BRANDS):
        return Looked(Kind.AUDIO, "audio/mp4", duration_s=duration_s)
    is_quicktime = not brands or brands[0] == b"qt  "
    width, height = films[0].size
    media_type = "video/quicktime" if is_quicktime else "video/mp4"
    return Looked(Kind.VIDEO, media_type, width, height, duration_s)


def _boxes(window: Window, start: int, end: int, only: bytes | None = None) -> Iterator[Box]:
    """The boxes from there to there, as far as they make sense."""
    end = min(end, window.size)
    while start + 8 <= end:
        head = window.read(start, 16)
        size, name, body = int.from_bytes(head[:4]), head[4:8], start + 8
        if size == 1:
            size, body = int.from_bytes(head[8:16]), start + 16
        elif size == 0:
            size = end - start
        if size < body - start:
            return
        if only is None or name == only:
            yield Box(name, start, body, min(start + size, end))
        start += size


def _body(window: Window, box: Box) -> bytes:
    return window.read(box.body, min(box.end - box.body, _LEAF_BYTES))


def _duration_s(window: Window, mvhd: Box) -> float | None:
    """Of the whole, its edit lists applied: that is what `mvhd` tells."""
    body = _body(window, mvhd)
    timescale, duration = struct.unpack_from(
        ">IQ" if body[0] else ">II", body, 20 if body[0] else 12
    )
    return duration / timescale if duration not in _UNKNOWN_DURATIONS and timescale else None


def _track(window: Window, trak: Box) -> _Track:
    track, matrix, described = _Track(), (1, 0, 0, 1), (0, 0)
    for box in _inside(window, trak, {b"mdia", b"minf", b"stbl"}):
        body = _body(window, box) if box.name in _OF_A_TRACK else b""
        if box.name == b"tkhd":
            track.track_id = struct.unpack_from(">I", body, 20 if body[0] else 12)[0]
            at = 52 if body[0] else 40
            a, b, c, d = struct.unpack_from(">ii4xii", body, at)
            matrix = (a, b, c, d)
            width, height = struct.unpack_from(">II", body, at + 36)
            track.size = (width >> 16, height >> 16)
        elif box.name == b"hdlr" and body[4:8] != b"dhlr":
            track.handler = body[8:12]  # What kind of media; QuickTime says besides where it is.
        elif box.name == b"mdhd":
            track.timescale = struct.unpack_from(">I", body, 20 if body[0] else 12)[0]
        elif box.name == b"stsd" and len(body) >= 44:
            described = struct.unpack_from(">HH", body, 40)
    if not all(track.size):
        track.size = described
    if matrix[0] == 0 and matrix[3] == 0:  # Held upright while it was made: a quarter turn.
        track.size = track.size[::-1]
    return track


def _inside(window: Window, outer: Box, holding: set[bytes], depth: int = 0) -> Iterator[Box]:
    """What is in a box, and in those in it that hold others."""
    for box in _boxes(window, outer.body, outer.end):
        if box.name in holding and depth < _DEEPEST:
            yield from _inside(window, box, holding, depth + 1)
        else:
            yield box


def _of_fragments(
    window: Window, mvex: Box, mvhd: Box | None, fragments: list[Box], tracks: list[_Track]
) -> float | None:
    """How long a film is that was written as it was recorded: its beginning did not know yet."""
    defaults = {}
    for box in _boxes(window, mvex.body, mvex.end):
        body = _body(window, box)
        if box.name == b"trex":
            track_id, _description, duration = struct.unpack_from(">III", body, 4)
            defaults[track_id] = duration
        elif box.name == b"mehd" and mvhd is not None:
            known = int.from_bytes(body[4 : 12 if body[0] else 8])
            timescale = _timescale(window, mvhd)
            if known not in _UNKNOWN_DURATIONS and timescale:
                return known / timescale
    timescales = {track.track_id: track.timescale for track in tracks}
    begins, ends = dict[int, int](), dict[int, int]()
    for fragment in [*fragments[:2], *fragments[2:][-_LAST_FRAGMENTS:]]:
        for traf in _boxes(window, fragment.body, fragment.end, b"traf"):
            track_id, begin, end = _times(window, traf, defaults)
            begins.setdefault(track_id, begin)
            ends[track_id] = max(end, ends.get(track_id, 0))
    lengths = [
        (ends[track_id] - begins[track_id]) / timescales[track_id]
        for track_id in ends
        if timescales.get(track_id)
    ]
    return max(lengths, default=None)


def _timescale(window: Window, mvhd: Box) -> int:
    body = _body(window, mvhd)
    return int.from_bytes(body[20:24] if body[0] else body[12:16])


def _times(window: Window, traf: Box, defaults: dict[int, int]) -> tuple[int, int, int]:
    """Whose part of a fragment that is, when it begins and when it ends."""
    track_id, begin, usual, length = 0, 0, 0, 0
    for box in _boxes(window, traf.body, traf.end):
        body = _body(window, box)
        if box.name == b"tfhd":
            flags, track_id = struct.unpack_from(">II", body)
            at = 8 + 8 * bool(flags & 0x1) + 4 * bool(flags & 0x2)
            usual = defaults.get(track_id, 0)
            if flags & 0x8:
                (usual,) = struct.unpack_from(">I", body, at)
        elif box.name == b"tfdt":
            (begin,) = struct.unpack_from(">Q" if body[0] else ">I", body, 4)
        elif box.name == b"trun":
            length += _run(body, usual)
    return track_id, begin, begin + length


def _run(body: bytes, usual: int) -> int:
    flags, count = int.from_bytes(body[:4]), int.from_bytes(body[4:8])
    if not flags & 0x100:
        return count * usual
    at = 8 + 4 * bool(flags & 0x1) + 4 * bool(flags & 0x4)
    each = 4 * sum(bool(flags & flag) for flag in (0x100, 0x200, 0x400, 0x800))
    samples = range(at, min(at + each * count, len(body) - 3), each)
    return sum(int.from_bytes(body[sample : sample + 4]) for sample in samples)


def forget_places(file: BinaryIO) -> bool:
    """Take out where a film was made, in the file itself, whatever else of it can be read; whether
    it said so.

    The boxes that say it become `free`, and zeros: all others stay where they are. On the disk when
    this returns.
    """
    window, found = Window(file), list[Box]()
    with suppress(struct.error, IndexError, TooMuch):
        found.extend(_places(window))
    for box in found:
        file.seek(box.start + 4)
        file.write(b"free")
        file.seek(box.body)
        for at in range(box.body, box.end, _ZEROS_AT_ONCE):
            file.write(bytes(min(_ZEROS_AT_ONCE, box.end - at)))
    if found:
        file.flush()
        os.fsync(file.fileno())
    return bool(found)


def _places(window: Window) -> Iterator[Box]:
    for box in _boxes(window, 0, window.size):
        if box.name in {b"moov", b"meta"}:
            yield from _places_in(window, box)
        elif box.name == b"uuid" and window.read(box.body, 16) == _XMP:
            yield box


def _places_in(window: Window, outer: Box, depth: int = 0) -> Iterator[Box]:
    begin = outer.body
    if outer.name == b"meta" and window.read(begin, 12)[4:8] != b"hdlr":
        begin += 4  # Its version, which QuickTime's doesn't have.
    keys = set[int]()
    for box in _boxes(window, begin, outer.end):
        if box.name in _PLACES or (box.name == b"uuid" and window.read(box.body, 16) == _XMP):
            yield box
        elif box.name == b"keys":
            keys = _keys_of_places(_body(window, box))
        elif box.name == b"ilst" and keys:
            items = _boxes(window, box.body, box.end)
            yield from (item for item in items if int.from_bytes(item.name) in keys)
        elif box.name in _HOLDING and depth < _DEEPEST:
            yield from _places_in(window, box, depth + 1)


def _keys_of_places(body: bytes) -> set[int]:
    """Which of the numbered keys of a `meta` box tell a place, as Apple's do."""
    found, at = set(), 8
    for number in range(1, int.from_bytes(body[4:8]) + 1):
        size = int.from_bytes(body[at : at + 4])
        if size < 8 or at + size > len(body):
            break
        if b"location" in body[at + 8 : at + size].lower():
            found.add(number)
        at += size
    return found
