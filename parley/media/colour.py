"""Colours as they were meant, in the one colour space that needs no profile: sRGB.

What a picture says of its colours is an ICC profile, or numbers that stand for one (CICP, in PNG
and AVIF; ITU-T H.273 lists them), or a PNG's gamma and primaries. Encoders drop all of that, and
Pillow does not look at the numbers: a phone's Display P3 would come back pale.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from io import BytesIO
from itertools import product

from PIL import Image, ImageCms

Primaries = tuple[float, float, float, float, float, float, float, float]
"""White, red, green and blue, each as x and y."""

_D65 = (0.3127, 0.3290)
SRGB_PRIMARIES: Primaries = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
P3_PRIMARIES: Primaries = (*_D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
_BT2020: Primaries = (*_D65, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046)
_PRIMARIES = {1: SRGB_PRIMARIES, 2: SRGB_PRIMARIES, 9: _BT2020, 11: P3_PRIMARIES, 12: P3_PRIMARIES}
_WHITE_NITS = 203.0
"""How bright white on paper is in HDR (ITU-R BT.2408); what is brighter is cut off."""
_SAME_WITHIN = 2
"""Of 255: what a profile for sRGB may differ by from another."""
_PNG_GAMMA = (0.43, 0.48)
"""Written by programs that mean sRGB, and shown so."""


def profile_of(picture: Image.Image, head: bytes) -> bytes | None:
    """The ICC profile of a picture that begins with `head`; None where its colours are sRGB."""
    numbers = _cicp(picture, head)
    if numbers is not None and picture.format == "PNG":
        return _by_numbers(*numbers)  # There they count before a profile.
    profile = picture.info.get("icc_profile")
    if isinstance(profile, bytes) and profile:
        return profile
    return _by_numbers(*numbers) if numbers else _by_gamma(picture)


def in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The same in sRGB, as RGB, grey or with a palette; with what shows through, where it does."""
    if picture.mode == "P":
        return _palette_in_srgb(picture, profile)
    if profile and "transparency" in picture.info:
        # The colour that stands for nothing would become another.
        picture = picture.convert("RGBA")
    convert = _conversion(profile, picture.mode) if profile else None
    if convert is not None:
        return convert(picture)
    return picture.convert("RGB") if picture.mode == "CMYK" else picture


def _palette_in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    convert = _conversion(profile, "RGB") if profile else None
    if convert is None:
        return picture
    colours = bytes(picture.getpalette("RGB") or ())
    row = Image.frombytes("RGB", (len(colours) // 3, 1), colours)
    picture.putpalette(convert(row).tobytes())
    return picture


@lru_cache(maxsize=8)
def _conversion(profile: bytes, mode: str) -> Callable[[Image.Image], Image.Image] | None:
    """What takes a picture of that mode to sRGB; None where there is nothing to do.

    A profile that is damaged, or for another kind of picture, says nothing: browsers hold it so.
    """
    kinds = {"RGB": ("RGB", "RGB"), "RGBA": ("RGB", "RGBA"), "L": ("GRAY", "RGB")}
    kinds |= {"LA": ("GRAY", "RGB"), "CMYK": ("CMYK", "RGB")}
    if mode not in kinds:
        return None
    kind, becomes = kinds[mode]
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if source.profile.xcolor_space.strip() != kind:
            return None
        takes = "L" if kind == "GRAY" else mode
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
        to = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(source, to, takes, becomes, flags=flags)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    if kind == "RGB" and _is_identity(transform, mode):
        return None
    return lambda picture: _apply(picture, transform, takes, becomes)


def _apply(
    picture: Image.Image, transform: ImageCms.ImageCmsTransform, takes: str, becomes: str
) -> Image.Image:
    if takes == becomes:
        ImageCms.applyTransform(picture, transform, inPlace=True)
        return picture
    if takes == "L":
        alpha = picture.getchannel("A") if picture.mode == "LA" else None
        grey = ImageCms.applyTransform(picture.convert("L"), transform)
        grey = _made(grey).convert("L")
        made = Image.merge("LA", (grey, alpha)) if alpha is not None else grey
    else:
        made = _made(ImageCms.applyTransform(picture, transform))
    made.info = picture.info
    return made


def _made(picture: Image.Image | None) -> Image.Image:
    assert picture is not None  # noqa: S101  # Only what is done in place gives nothing back.
    return picture


def _is_identity(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    levels = range(0, 256, 51)
    colours = bytes(level for colour in product(levels, levels, levels) for level in colour)
    before = Image.frombytes("RGB", (len(colours) // 3, 1), colours).convert(mode)
    after = _made(ImageCms.applyTransform(before, transform))
    differences = zip(before.tobytes(), after.tobytes(), strict=True)
    return all(abs(one - other) <= _SAME_WITHIN for one, other in differences)


def _cicp(picture: Image.Image, head: bytes) -> tuple[int, int] | None:
    """The numbers of its primaries and of its transfer function."""
    if picture.format == "PNG":
        at = head.find(b"\0\0\0\x04cICP", 8, _until(head, b"IDAT"))
        return (head[at + 8], head[at + 9]) if 0 <= at < len(head) - 10 else None
    if picture.format == "AVIF":
        at = head.find(b"colrnclx", 0, _until(head, b"mdat"))
        return struct.unpack_from(">HH", head, at + 8) if 0 <= at < len(head) - 12 else None
    return None


def _until(head: bytes, mark: bytes) -> int:
    at = head.find(mark)
    return at if at >= 0 else len(head)


def _by_numbers(primaries: int, transfer: int) -> bytes | None:
    curves = {4: _gamma(2.2), 5: _gamma(2.8), 8: _gamma(1.0), 16: _pq, 18: _hlg}
    curve = curves.get(transfer, _srgb)
    if primaries not in _PRIMARIES or (primaries <= 2 and curve is _srgb):
        return None
    return profile_from(_PRIMARIES[primaries], curve)


def _by_gamma(picture: Image.Image) -> bytes | None:
    """A PNG from before profiles says how bright its middle is, and which red is its red."""
    gamma = picture.info.get("gamma")
    if picture.format != "PNG" or gamma is None or "srgb" in picture.info:
        return None
    primaries = picture.info.get("chromaticity", SRGB_PRIMARIES)
    is_srgb = all(abs(a - b) < 0.01 for a, b in zip(primaries, SRGB_PRIMARIES, strict=False))
    usual_low, usual_high = _PNG_GAMMA
    if len(primaries) != 8 or not 0.1 < gamma < 4 or (is_srgb and usual_low < gamma < usual_high):
        return None
    curve = _srgb if usual_low < gamma < usual_high else _gamma(1 / gamma)
    try:
        return profile_from(primaries, curve)
    except (ArithmeticError, struct.error):
        return None  # Primaries that make no colour.


def profile_from(primaries: Primaries, curve: Callable[[float], float] | None = None) -> bytes:
    """An ICC profile (version 2) for a screen with these primaries; `curve` gives the light of a
    level, both from 0 to 1, and is sRGB's where there is none.

    Raises `ArithmeticError` or `struct.error` for primaries that no screen can have.
    """
    lights = map(curve or _srgb, (level / 1023 for level in range(1024)))
    steps = [round(65535 * min(1.0, max(0.0, light))) for light in lights]
    trc = b"curv\0\0\0\0" + struct.pack(f">I{len(steps)}H", len(steps), *steps)
    tags = [
        (b"desc", b"desc\0\0\0\0\0\0\0\x01\0" + b"\0" * 78),
        (b"cprt", b"text\0\0\0\0CC0\0"),
        (b"wtpt", _xyz(_D50)),
        *zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(_xyz, _colorants(primaries)), strict=True),
        *((name, trc) for name in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    return _assembled(tags)


def _assembled(tags: Sequence[tuple[bytes, bytes]]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    start, placed = 128 + 4 + 12 * len(tags), dict[bytes, int]()
    for name, content in tags:
        if content not in placed:
            body += b"\0" * (-len(body) % 4)
            placed[content] = start + len(body)
            body += content
        table += name + struct.pack(">II", placed[content], len(content))
    header = struct.pack(
        ">I4sI4s4s4s12s4s28s12s48s",
        *(start + len(body), b"\0" * 4, 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"\0" * 12),
        *(b"acsp", b"\0" * 28, _xyz(_D50)[8:], b"\0" * 48),
    )
    return header + table + body


_Triple = tuple[float, float, float]
_D50: _Triple = (0.9642, 1.0, 0.8249)
# Bradford's cones, by which the white of a profile becomes another (ICC.1:2010, annex E).
_CONES: tuple[_Triple, ...] = (
    (0.8951, 0.2664, -0.1614),
    (-0.7502, 1.7135, 0.0367),
    (0.0389, -0.0685, 1.0296),
)


def _xyz(value: _Triple) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(part * 65536) for part in value))


def _colorants(primaries: Primaries) -> list[_Triple]:
    """What each primary adds to white, under the light that profiles are made for."""
    white, *colours = ((x / y, 1.0, (1 - x - y) / y) for x, y in _pairs(primaries))
    amounts = _solved([[colour[row] for colour in colours] for row in range(3)], white)
    cones_here, cones_there = _times(_CONES, white), _times(_CONES, _D50)
    ratios = [there / here for there, here in zip(cones_there, cones_here, strict=True)]
    adapted = []
    for amount, colour in zip(amounts, colours, strict=True):
        scaled: _Triple = (amount * colour[0], amount * colour[1], amount * colour[2])
        seen = [ratio * cone for ratio, cone in zip(ratios, _times(_CONES, scaled), strict=True)]
        adapted.append(_solved([list(row) for row in _CONES], seen))
    return adapted


def _pairs(primaries: Primaries) -> list[tuple[float, float]]:
    return list(zip(primaries[::2], primaries[1::2], strict=True))


def _times(matrix: Sequence[Sequence[float]], value: Sequence[float]) -> _Triple:
    a, b, c = (sum(m * v for m, v in zip(row, value, strict=True)) for row in matrix)
    return (a, b, c)


def _solved(matrix: Sequence[Sequence[float]], value: Sequence[float]) -> _Triple:
    """x where `matrix` times x is `value`, by Cramer's rule."""

    def without(column: int) -> list[list[float]]:
        rows = zip(matrix, value, strict=True)
        return [[*row[:column], part, *row[column + 1 :]] for row, part in rows]

    whole = _determinant(matrix)
    a, b, c = (_determinant(without(column)) / whole for column in range(3))
    return (a, b, c)


def _determinant(m: Sequence[Sequence[float]]) -> float:
    return (
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    )


def _srgb(level: float) -> float:
    return level / 12.92 if level <= 0.04045 else math.pow((level + 0.055) / 1.055, 2.4)


def _gamma(exponent: float) -> Callable[[float], float]:
    return lambda level: math.pow(level, exponent)


def _pq(level: float) -> float:
    """SMPTE ST 2084, against white on paper."""
    power = math.pow(level, 1 / 78.84375)
    light = max(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
    return math.pow(light, 1 / 0.1593017578125) * 10_000 / _WHITE_NITS


def _hlg(level: float) -> float:
    """ARIB STD-B67 on a screen of 1,000 nits, against white on paper."""
    dim = level * level / 3
    bright = (math.exp((level - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return math.pow(dim if level <= 0.5 else bright, 1.2) * 1_000 / _WHITE_NITS
