"""Sound and film: how long, how large, and no word of where."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from msgspec.structs import replace

from parley.media import Kind, Workshop
from tests.media import recorded as made
from tests.media.conftest import Look
from tests.media.drawn import exif, flag, names_in, saved

pytestmark = pytest.mark.asyncio(loop_scope="package")

FILM = made.trak(b"vide", (1920, 1080))
SOUND = made.trak(b"soun")


@pytest.mark.parametrize(
    ("content", "media_type", "seconds"),
    [
        (made.wav(2.5), "audio/wav", 2.5),
        (made.flac(3.25), "audio/flac", 3.25),
        (made.opus(61.5), "audio/ogg", 61.5),
        (made.vorbis(4.0), "audio/ogg", 4.0),
        (made.mp3(100), "audio/mpeg", 100 * 1152 / 44_100),
        (made.mp3(5, xing=1000), "audio/mpeg", 1000 * 1152 / 44_100),
        (made.mp3(100, tag=made.id3(300_000)), "audio/mpeg", 100 * 1152 / 44_100),
        (made.aac(500), "audio/aac", 500 * 1024 / 48_000),
        (made.mp4(made.mvhd(9.5), SOUND, brand=b"M4A "), "audio/mp4", 9.5),
        (made.mp4(made.mvhd(9.5), SOUND), "audio/mp4", 9.5),
        (made.webm(7.5), "audio/webm", 7.5),
    ],
)
async def test_it_is_known_how_long_a_sound_is(
    look: Look, content: bytes, media_type: str, seconds: float
) -> None:
    looked = await look(content, "voice.exe")
    assert (looked.kind, looked.type) == (Kind.AUDIO, media_type)
    assert looked.duration_s == pytest.approx(seconds, rel=0.001)
    assert (looked.width, looked.clean, looked.preview) == (None, None, None)


@pytest.mark.parametrize(
    ("content", "media_type", "size"),
    [
        (made.mp4(made.mvhd(9.5), SOUND, FILM), "video/mp4", (1920, 1080)),
        (made.mp4(made.mvhd(9.5), FILM, brand=b"qt  "), "video/quicktime", (1920, 1080)),
        (
            made.mp4(made.mvhd(9.5), made.trak(b"vide", (1920, 1080), made.QUARTER_TURN)),
            "video/mp4",
            (1080, 1920),
        ),
        (made.webm(9.5, size=(640, 480)), "video/webm", (640, 480)),
    ],
)
async def test_it_is_known_how_large_a_film_is_held_upright(
    look: Look, content: bytes, media_type: str, size: tuple[int, int]
) -> None:
    looked = await look(content)
    assert (looked.kind, looked.type) == (Kind.VIDEO, media_type)
    assert (looked.width, looked.height) == size
    assert looked.duration_s == pytest.approx(9.5)


@pytest.mark.parametrize(
    "content",
    [
        made.webm(made.LIVE, made.cluster(0, 0, 20, 40), made.cluster(9_000, 0, 20, 980)),
        made.webm(made.LIVE, made.cluster(9_000, 0, 500, is_open=False), size=(320, 240)),
        made.webm(made.LIVE, made.cluster(9_990, 0, 5), made.cluster(40_000)[:-9]),
    ],
)
async def test_what_a_browser_recorded_lasts_until_its_last_frame(
    look: Look, content: bytes
) -> None:
    """Its header was written before anyone knew how long it would be."""
    looked = await look(content)
    assert looked.duration_s == pytest.approx(10, abs=1)


async def test_so_does_what_came_in_fragments(look: Look) -> None:
    usual = made.box(b"mvex", made.full(b"trex", bytes(20)))
    content = made.mp4(made.mvhd(0), FILM, usual)
    pieces = (made.fragment(index * 1000, 25, 40) for index in range(100))
    looked = await look(content + b"".join(pieces))
    assert looked.duration_s == pytest.approx(100)


@pytest.mark.parametrize(
    "moov",
    [
        (made.iphone(),),
        (made.android(),),
        (made.box(b"udta", made.full(b"loci", b"\0\0home\0" + made.HERE)),),
        (made.trak(b"vide", (64, 64), made.UPRIGHT, made.android()),),
        (made.box(b"udta", made.box(b"meta", bytes(4), made.iphone()[8:])),),
    ],
)
async def test_a_film_does_not_say_where_it_was_made(
    look: Look, tmp_path: Path, moov: tuple[bytes, ...]
) -> None:
    content = made.mp4(made.mvhd(3), FILM, *moov)
    looked = await look(content)
    assert looked.kind is Kind.VIDEO
    assert looked.clean is None
    served = (tmp_path / "upload").read_bytes()
    assert made.HERE in content
    assert made.HERE not in served
    # All else is where it was: players find frames by their place in the file.
    assert len(served) == len(content)
    assert looked.is_changed
    assert await look(served) == replace(looked, is_changed=False)
    assert (b"Apple" in served) == (b"Apple" in content)


async def test_what_a_phone_says_apart_goes_too(look: Look, tmp_path: Path) -> None:
    xmp = made.box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), made.HERE)
    await look(made.mp4(made.mvhd(3), FILM, after=xmp))
    assert made.HERE not in (tmp_path / "upload").read_bytes()
    await look(
        made.mp4(made.mvhd(3), after=xmp)
    )  # Nothing to play; but it may be sent all the same.
    assert made.HERE not in (tmp_path / "upload").read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        made.mp4(),
        made.mp4(made.mvhd(3), made.trak(b"text")),
        made.box(b"ftyp", b"isom", bytes(4)) + made.box(b"mdat", bytes(500)),
        made.webm(3, doc_type=b"matroska"),
        made.ogg_page(0, b"\x80theora" + bytes(30), 2) + made.vorbis(3),
        made.mp3(1)[:400],
        b"\xff\xfe" + "text as Windows writes it".encode("utf-16-le"),
        b"RIFF\x04\0\0\0WAVE",
    ],
)
async def test_what_cannot_be_played_is_downloaded(look: Look, content: bytes) -> None:
    looked = await look(content, "film.mp4")
    assert (looked.kind, looked.type) == (Kind.DOCUMENT, "application/octet-stream")


async def test_a_film_of_any_length_is_read_at_its_ends(
    workshop: Workshop, tmp_path: Path, into: Path
) -> None:
    upload = tmp_path / "long"
    with upload.open("wb") as file:
        file.write(made.box(b"ftyp", b"isom", bytes(4)) + b"\0\0\0\x01mdat")
        file.write((8 * 10**9).to_bytes(8))
        file.seek(16 + 8 * 10**9)
        file.write(made.box(b"moov", made.mvhd(7_200), FILM))
    looked = await workshop.look(upload, "long.mp4", into)
    assert looked.duration_s == 7_200


LAST_OF_64_BITS = 2**64 - 2
EBML = made.element(0x1A45DFA3, made.element(0x4282, b"webm"))


def film_of(*, scale_ns: int = 10**6, ticks: float = 1.0, side: int = 64) -> bytes:
    """A WebM that says so, in numbers of eight bytes."""
    info = (
        made.element(0x2AD7B1, scale_ns.to_bytes(8)),
        made.element(0x4489, struct.pack(">d", ticks)),
    )
    sides = (made.element(name, side.to_bytes(8)) for name in (0xB0, 0xBA))
    track = made.element(0xAE, made.element(0x83, b"\x01"), made.element(0xE0, *sides))
    parts = made.element(0x1549A966, *info), made.element(0x1654AE6B, track)
    return EBML + made.element(0x18538067, *parts)


@pytest.mark.parametrize(
    "content",
    [
        made.mp4(made.box(b"mvhd", struct.pack(">I16xIQ80x", 1 << 24, 1, LAST_OF_64_BITS)), FILM),
        film_of(scale_ns=LAST_OF_64_BITS, ticks=9e14),
        film_of(ticks=float("nan")),
        made.ogg_page(0, b"\x01vorbis" + struct.pack("<IBI", 0, 1, 1) + bytes(14), 2)
        + made.ogg_page(2**62, bytes(30), 4),
    ],
)
async def test_no_film_or_sound_lasts_longer_than_can_be(look: Look, content: bytes) -> None:
    looked = await look(content)
    assert looked.kind is not Kind.DOCUMENT
    assert looked.duration_s is None


async def test_no_film_is_larger_than_can_be(look: Look) -> None:
    looked = await look(film_of(side=LAST_OF_64_BITS))
    assert (looked.kind, looked.width, looked.height) == (Kind.VIDEO, None, None)
    assert looked.duration_s == pytest.approx(0.001)


@pytest.mark.parametrize("name", [b"mdia", b"udta"])
async def test_boxes_in_boxes_without_end_are_not_followed(
    look: Look, tmp_path: Path, name: bytes
) -> None:
    nested = b""
    for _ in range(3000):
        nested = made.box(name, nested)
    content = made.mp4(made.mvhd(3), made.box(b"trak", nested), nested, FILM, made.android())
    looked = await look(content)
    assert (looked.kind, looked.duration_s) == (Kind.VIDEO, 3)
    assert made.HERE not in (tmp_path / "upload").read_bytes()


async def test_pictures_need_no_name(look: Look, into: Path) -> None:
    looked = await look(saved(flag(), "JPEG", exif=exif()), "voice.mp3")
    assert looked.kind is Kind.PICTURE
    assert len(names_in(into)) == 1
