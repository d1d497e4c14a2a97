"""What is damaged or hostile is refused, all else is a document, and the next picture works."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import signal
import struct
import sys
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.errors import BadFile, Unavailable
from parley.media import Kind, Looked, Workshop
from parley.media.workshop import MAX_WAITING, MEMORY_BYTES
from tests.effort import times
from tests.eventually import until
from tests.media import recorded
from tests.media.conftest import PATIENCE_S, Look
from tests.media.drawn import exif, flag, names_in, opened, saved

pytestmark = pytest.mark.asyncio(loop_scope="package")

PICTURES = {
    "JPEG": saved(flag((640, 480)), "JPEG", exif=exif(6)),
    "PNG": saved(flag((640, 480)), "PNG"),
    "GIF": saved(flag((640, 480)), "GIF", save_all=True, append_images=[flag((640, 481))]),
    "WEBP": saved(flag((640, 480)), "WEBP"),
    "AVIF": saved(flag((640, 480)), "AVIF"),
    "APNG": saved(flag(), "PNG", save_all=True, append_images=[flag().rotate(90)]),
    "moving WEBP": saved(flag(), "WEBP", save_all=True, append_images=[flag().rotate(90)]),
}
STREAMS = {
    "MP4": recorded.mp4(recorded.mvhd(3), recorded.trak(b"vide", (64, 64)), recorded.iphone()),
    "WEBM": recorded.webm(recorded.LIVE, recorded.cluster(0, 0, 20), size=(64, 64)),
    "OGG": recorded.opus(1)[-2000:],
    "WAV": recorded.wav(0.1),
    "FLAC": recorded.flac(1),
    "MP3": recorded.mp3(3, xing=9),
    "AAC": recorded.aac(5),
}


def chunk(name: bytes, body: bytes) -> bytes:
    crc = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + crc


def claims_png(width: int, height: int) -> bytes:
    """A PNG of that size, in hardly any bytes."""
    pixels = zlib.compress(bytes(100_000), 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def many_frames(frames: int, size: int = 1) -> bytes:
    head, *_ = saved(flag((2, 2), "L"), "GIF").partition(b"\x2c")
    head = head[:6] + struct.pack("<HH", size, size) + head[10:]
    frame = b"\x2c" + struct.pack("<4HB", 0, 0, size, size, 0) + b"\x08\x04\0\x01\x04\x04\0"
    return head + frame * frames + b"\x3b"


def clear(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@functools.cache
def large() -> bytes:
    """A picture that takes a while."""
    return saved(flag((6_000, 6_000)), "PNG", compress_level=1)


@pytest.mark.parametrize(
    "bomb",
    [
        claims_png(50_000, 50_000),
        claims_png(1, 1_000_000_000),
        claims_png(1_000_000_000, 1),
        claims_png(6_400, 6_400),  # More than 40 megapixels, and less than twice that.
        many_frames(100_000),
        many_frames(30, 6_000),  # A few in each, and more than 400 in all.
        PICTURES["WEBP"].replace(b"\x80\x02\xe0\x01", b"\xff\x3f\xff\x3f"),
    ],
)
async def test_what_would_fill_the_memory_is_not_opened(
    look: Look, into: Path, bomb: bytes
) -> None:
    with pytest.raises(BadFile, match="40 megapixels"):
        await look(bomb)
    assert not names_in(into)


async def test_the_narrowest_picture_has_a_preview(look: Look) -> None:
    looked = await look(saved(flag((2, 60_000), "L"), "PNG"))
    assert (looked.width, looked.height) == (2, 60_000)
    assert opened(looked.preview).size == (1, 800)


@pytest.mark.parametrize("kind", PICTURES)
async def test_one_cut_off_anywhere_is_refused_or_whole(look: Look, into: Path, kind: str) -> None:
    whole = PICTURES[kind]
    refused = 0
    for tenth in range(1, 10):
        try:
            looked = await look(whole[: len(whole) * tenth // 10])
        except BadFile:
            refused += 1
        else:
            # Only what comes after the first frame may be missing.
            assert opened(looked.clean).size == (looked.width, looked.height)
            clear(into)
        assert not names_in(into)
    assert refused >= 5


async def test_what_follows_a_picture_or_hides_in_it_is_gone(look: Look) -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("hidden.txt", "alert(1)")
    html = b"<script>alert(1)</script>"
    gif = bytearray(PICTURES["GIF"])
    polyglots = [
        PICTURES["JPEG"] + archive.getvalue(),
        PICTURES["PNG"] + html,
        PICTURES["WEBP"] + html,
        bytes(gif[:-1]) + b"\x21\xfe" + bytes((len(html),)) + html + b"\0;" + html,
        saved(flag(), "JPEG", comment=html),
        PICTURES["PNG"][:33] + chunk(b"tEXt", b"Comment\0" + html) + PICTURES["PNG"][33:],
    ]
    for upload in polyglots:
        looked = await look(upload, "a.html")
        assert looked.kind is Kind.PICTURE
        assert looked.clean is not None
        assert b"alert" not in looked.clean.read_bytes()


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (b"", "photo.jpg", "application/octet-stream"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "a.png", None),
        (b"\xef\xbb\xbf \n<!doctype html><script>alert(1)</script>", "a.txt", None),
        (b"<?xml version='1.0'?><html/>", "a.csv", None),
        (b"alert(1)", "a.js", None),
        (b"#!/bin/sh\nrm -rf ~", "a.txt", None),
        (b"MZ\x90\0", "a.txt", None),
        (b"plain words", "a.txt", "text/plain"),
        ("Grüße, 你好".encode(), "README", "text/plain"),
        (b"a,b\n1,2\n", "../../a.CSV", "text/csv"),
        (b"{}", "a\0.json", "application/json"),
        (b"words", "\u202egpj.html", None),
        (b"%PDF-1.7\n", "a.html", "application/pdf"),
        (b"PK\x03\x04", "a.jpg", "application/zip"),
        (b"PK\x03\x04", "a.odt", "application/vnd.oasis.opendocument.text"),
        (b"PK\x03\x04", "a.jar", "application/zip"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "IMG.JPG", "image/heic"),
        (b"BM" + bytes(60), "a.bmp", None),
        (b"words" * 20_000 + "ü".encode(), "a.txt", "text/plain"),
        (b"x" * 65_535 + "ü".encode(), "a.txt", "text/plain"),
    ],
)
async def test_all_else_is_a_document_called_what_it_is(
    look: Look, into: Path, content: bytes, name: str, media_type: str | None
) -> None:
    looked = await look(content, name)
    assert looked == Looked(Kind.DOCUMENT, media_type or "application/octet-stream")
    assert not names_in(into)


async def test_no_name_changes_what_a_picture_is(look: Look) -> None:
    for name in ("", "..", "a/b\\c\0.html", "\u202e\ud800", "x" * 10_000, "a.svg", "\n"):
        assert (await look(PICTURES["PNG"], name)).type == "image/png"
        assert (await look(b"\x01\x02", name)).type == "application/octet-stream"


async def test_a_picture_that_takes_too_long_is_given_up(tmp_path: Path, into: Path) -> None:
    workshop = Workshop(within_s=0.001)
    upload = tmp_path / "slow"
    upload.write_bytes(large())
    try:
        with pytest.raises(BadFile, match="too long"):
            await workshop.look(upload, "slow.png", into)
        assert not names_in(into)
        workshop._within_s = PATIENCE_S
        upload.write_bytes(PICTURES["PNG"])
        assert (await workshop.look(upload, "next.png", into)).kind is Kind.PICTURE
    finally:
        await workshop.close()


async def test_a_picture_that_takes_too_much_memory_is_refused(tmp_path: Path, into: Path) -> None:
    workshop = Workshop(within_s=PATIENCE_S, memory_bytes=200 * 1024 * 1024)
    upload = tmp_path / "large"
    upload.write_bytes(large())
    try:
        with pytest.raises(BadFile):
            await workshop.look(upload, "large.png", into)
        assert not names_in(into)
        upload.write_bytes(PICTURES["PNG"])
        assert (await workshop.look(upload, "next.png", into)).kind is Kind.PICTURE
    finally:
        await workshop.close()


def processes(workshop: Workshop) -> list[int]:
    workers = [*workshop._idle, *workshop._busy]
    return [worker._process.pid for worker in workers if worker._process is not None]


async def test_a_worker_that_is_killed_at_work_costs_one_picture(
    tmp_path: Path, into: Path
) -> None:
    workshop = Workshop(within_s=PATIENCE_S)
    upload, other = tmp_path / "large", tmp_path / "other"
    upload.write_bytes(large())
    other.write_bytes(PICTURES["JPEG"])
    try:
        await workshop.look(other, "", into)
        (pid,) = processes(workshop)
        os.kill(pid, signal.SIGSTOP)  # So that it is at work when it is killed.
        looking = asyncio.ensure_future(workshop.look(upload, "", into))
        await until(lambda: bool(workshop._busy))
        waiting = asyncio.ensure_future(workshop.look(other, "", into))
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(BadFile):
            await looking
        assert (await waiting).kind is Kind.PICTURE
        assert processes(workshop) != [pid]
    finally:
        await workshop.close()


async def test_a_worker_whose_server_was_killed_leaves_nothing(tmp_path: Path, into: Path) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(PICTURES["JPEG"])
    asked = {"path": str(upload), "type": "image/jpeg", "into": str(into), "stem": "made"}
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "parley.media.worker", str(MEMORY_BYTES), "60"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    assert await worker.stdout.readline() == b"ready\n"
    worker._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
    worker.stdin.write(json.dumps(asked).encode() + b"\n")
    assert await worker.wait() == 0
    assert not names_in(into)


async def test_one_that_died_while_idle_costs_nothing(tmp_path: Path, into: Path) -> None:
    workshop = Workshop(within_s=PATIENCE_S)
    upload = tmp_path / "upload"
    upload.write_bytes(PICTURES["JPEG"])
    try:
        await workshop.look(upload, "", into)
        process = workshop._idle[0]._process
        assert process is not None
        process.kill()
        await process.wait()
        assert (await workshop.look(upload, "", into)).kind is Kind.PICTURE
    finally:
        await workshop.close()


async def test_twenty_at_once_wait_in_line_and_nobody_else_does(
    workshop: Workshop, tmp_path: Path, into: Path
) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(PICTURES["JPEG"])
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    talking = asyncio.ensure_future(others())
    looked = await asyncio.gather(*(workshop.look(upload, "", into) for _ in range(20)))
    talking.cancel()
    assert len({each.clean for each in looked}) == 20
    assert len(processes(workshop)) == 1
    assert turns > 100


async def test_a_line_that_is_too_long_takes_no_more(
    workshop: Workshop, tmp_path: Path, into: Path
) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(saved(flag(), "PNG"))
    async with workshop._turns.turn("nobody else"):  # nobody else has theirs
        many = [
            asyncio.ensure_future(workshop.look(upload, "", into)) for _ in range(MAX_WAITING + 1)
        ]
        refused, waiting = await asyncio.wait(many, return_when=asyncio.FIRST_COMPLETED)
    error = refused.pop().exception()
    assert isinstance(error, Unavailable)
    assert error.retry_after
    assert {looked.kind for looked in await asyncio.gather(*waiting)} == {Kind.PICTURE}
    assert (await workshop.look(upload, "", into)).kind is Kind.PICTURE


async def test_who_no_longer_waits_leaves_nothing(tmp_path: Path, into: Path) -> None:
    workshop = Workshop(within_s=PATIENCE_S)
    upload = tmp_path / "upload"
    upload.write_bytes(large())
    try:
        looking = asyncio.ensure_future(workshop.look(upload, "", into))
        await until(lambda: bool(names_in(into)))
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking
        assert not names_in(into)
        assert not processes(workshop)
    finally:
        await workshop.close()


async def test_a_worker_without_work_goes_and_comes_back(tmp_path: Path, into: Path) -> None:
    workshop = Workshop(within_s=PATIENCE_S)
    upload = tmp_path / "upload"
    upload.write_bytes(PICTURES["PNG"])
    try:
        assert not processes(workshop)  # It is started by the first picture.
        await workshop.look(upload, "", into)
        process = workshop._idle[0]._process
        assert process is not None
        workshop._rest()
        await process.wait()
        assert process.returncode == 0
        assert (await workshop.look(upload, "", into)).kind is Kind.PICTURE
    finally:
        await workshop.close()


async def test_closing_ends_what_is_under_way(tmp_path: Path, into: Path) -> None:
    workshop = Workshop(within_s=PATIENCE_S)
    upload = tmp_path / "upload"
    upload.write_bytes(large())
    looking = [asyncio.ensure_future(workshop.look(upload, "", into)) for _ in range(2)]
    await until(lambda: bool(names_in(into)))
    await workshop.close()
    for each in looking:
        with pytest.raises(Unavailable):
            await each
    assert not names_in(into)


MUTATIONS = st.lists(st.tuples(st.integers(0, 5_000), st.binary(max_size=8)), max_size=6)


@pytest.mark.longer
@settings(
    max_examples=times(20, full=60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(kind=st.sampled_from([*PICTURES, *STREAMS]), changes=MUTATIONS, cut=st.integers(0, 3_000))
async def test_whatever_comes_is_looked_at_or_refused(
    look: Look, kind: str, changes: list[tuple[int, bytes]], cut: int
) -> None:
    content = bytearray((PICTURES | STREAMS)[kind])
    for at, put in changes:
        content[at % len(content) : at % len(content) + len(put)] = put
    del content[max(len(content) - cut, 16) :]
    try:
        looked = await look(bytes(content))
    except BadFile:
        return
    assert looked.kind is Kind.DOCUMENT or looked.type.partition("/")[0] in {
        "image",
        "audio",
        "video",
    }
    assert looked.duration_s is None or looked.duration_s >= 0
