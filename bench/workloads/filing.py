"""Files come and go: how fast, at what cost, and how long others wait for a message meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import sys
from collections.abc import AsyncIterator, Callable

from PIL import Image

from bench.crowd import Crowd, crowd
from bench.machine import Meter, memory_bytes, peak_memory_bytes
from bench.paces import all_arrived, at_rate
from bench.scale import Scale
from bench.servers import ROOT, Running
from bench.tally import clock, spread_ms, text_of
from bench.transfers import Member, download, noise, put, upload_as_form
from bench.workloads.workload import SHARES, Figures, Measure, Workload

MIB = 2**20
ROOMS, PEOPLE = 10, 4
RATE = 50.0
SETTLE_S = 1.0
"""Then what was asked for before is no longer felt."""
ENVIRON = {
    "PARLEY_MAX_FILE": "4GB",
    "PARLEY_FILES_PER_PERSON": "64GB",
    "PARLEY_FILES_PER_CONVERSATION": "64GB",
    "PARLEY_FILES_IN_ALL": "64GB",
}
"""Nothing is refused for its size."""
PLACE = "/noise.bin"


async def _upload(server: Running, scale: Scale) -> Figures:
    size = scale.file_mib * MIB
    send = await asyncio.to_thread(_sender, server)
    await asyncio.to_thread(send, MIB)
    await asyncio.sleep(SETTLE_S)  # a file gives way to people, such as the one who just came
    memory, meter = memory_bytes(server.pid), Meter(server.pid)
    await asyncio.to_thread(send, size)
    return _moved(server, meter, scale, memory)


def _sender(server: Running) -> Callable[[int], None]:
    """What sends so many bytes to the server, as a file."""
    if server.kind.name != "parley":
        return lambda size: upload_as_form(server.port, noise(size), size)
    member = Member.of_a_new_room(server.port)

    def send(size: int) -> None:
        member.upload(noise(size), size)

    return send


async def _download(server: Running, scale: Scale) -> Figures:
    size = scale.file_mib * MIB
    path, headers = await asyncio.to_thread(_kept, server, size)
    # Once before: who reads it from the disk for the first time measures the disk.
    await asyncio.to_thread(download, server.port, path, headers)
    memory, meter = memory_bytes(server.pid), Meter(server.pid)
    came = await asyncio.to_thread(download, server.port, path, headers)
    figures = _moved(server, meter, scale, memory)
    assert came == size, f"{came} of {size} bytes came"
    return figures


def _kept(server: Running, size: int) -> tuple[str, dict[str, str]]:
    """A file that the server has: where it is read, and with which headers."""
    if server.kind.name == "parley":
        member = Member.of_a_new_room(server.port)
        file = member.upload(noise(size), size)
        member.send(file)
        return str(file["url"]), member.headers
    put(server.port, PLACE, noise(size), size)
    return PLACE, {}


def _moved(server: Running, meter: Meter, scale: Scale, memory: int) -> Figures:
    meter.read()
    return {
        "mb_s": scale.file_mib * MIB / 1e6 / meter.wall_s,
        "cpu_s_a_gib": meter.server_s * 1024 / scale.file_mib,
        "grew_mib": (peak_memory_bytes(server.pid) - memory) / MIB,
        **meter.shares,
    }


async def _beside(server: Running, scale: Scale) -> Figures:
    """In turns, for the same disk and the same machine: both change from second to second."""
    async with crowd() as people:
        await people.join(server.port, server.make_rooms(ROOMS), PEOPLE)
        await at_rate(people.clients, RATE, scale.warm_up_s)
        await all_arrived(people.tally, PEOPLE)
        figures: Figures = {}
        for way in ("up", "down"):
            latencies: dict[bool, list[float]] = {False: [], True: []}
            for _ in range(scale.file_turns):
                latencies[False] += await _latencies_s(people, scale.window_s)
                async with _moving(server, way, scale):
                    latencies[True] += await _latencies_s(people, scale.window_s)
            alone, beside = (spread_ms(latencies[each])["p99_ms"] for each in (False, True))
            figures[f"p99_alone_{way}_ms"], figures[f"p99_{way}_ms"] = alone, beside
            figures[f"ratio_{way}"] = beside / alone
        figures["lost"] = people.tally.sent * PEOPLE - people.tally.delivered
        return figures


async def _latencies_s(people: Crowd, seconds: float) -> list[float]:
    people.tally.reset()
    await at_rate(people.clients, RATE, seconds)
    await all_arrived(people.tally, PEOPLE)
    return list(people.tally.latencies_s)


@contextlib.asynccontextmanager
async def _moving(server: Running, way: str, scale: Scale) -> AsyncIterator[None]:
    """A program in a process of its own sends files that way, or reads one, again and again."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.moving", way, str(server.port), str(scale.file_mib)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        if not await process.stdout.readline():
            raise RuntimeError("It could not begin.")
        yield
        if process.returncode is not None:
            raise RuntimeError("It ended before its time.")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        # What lies in the way of the next turn, which is to be one without: what was sent last.
        await asyncio.sleep(SETTLE_S)
        await asyncio.to_thread(os.sync)


async def _photo(server: Running, scale: Scale) -> Figures:
    data = await asyncio.to_thread(photo, scale.photo_megapixels)
    ada = await asyncio.to_thread(Member.of_a_new_room, server.port)
    async with crowd() as people:
        await people.join(server.port, [ada.room_id], 1)
        await _sent_and_seen(ada, people, photo(1))
        took_s, cpu_s = [], []
        for _ in range(scale.file_turns):
            meter, began = Meter(server.pid), clock()
            await _sent_and_seen(ada, people, data)
            took_s.append(clock() - began)
            meter.read()
            cpu_s.append(meter.server_s)
    return {
        "took_s": sorted(took_s)[len(took_s) // 2],
        "most_s": max(took_s),
        "mb": len(data) / 1e6,
    }


async def _sent_and_seen(ada: Member, people: Crowd, data: bytes) -> None:
    """Up, in a message, and its preview read by somebody else once they have the message."""
    people.tally.reset()
    file = await asyncio.to_thread(ada.upload, iter([data]), len(data), "photo.jpg")
    await asyncio.to_thread(ada.send, file, text_of(people.tally.stamp(clock())))
    if await all_arrived(people.tally, copies=1, answers=False):
        raise RuntimeError("The message did not come.")
    assert "thumbnail_url" in file, "there is no smaller picture"
    await asyncio.to_thread(download, ada.port, file["thumbnail_url"], {})


def photo(megapixels: int) -> bytes:
    """As a camera makes them: coarse and fine things in it, and more than two bits a pixel."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = height * 4 // 3
    coarse = Image.effect_noise((width // 40, height // 40), 90).resize((width, height))
    fine = Image.effect_noise((width, height), 24)
    mixed = Image.blend(coarse, fine, 0.3)
    picture = Image.merge("RGB", (mixed, mixed.transpose(Image.Transpose.FLIP_LEFT_RIGHT), coarse))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90, exif=_turned())
    return file.getvalue()


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6  # a phone that was held upright
    return exif


MOVED = (
    Measure("mb_s", "MB a second", 0),
    Measure("cpu_s_a_gib", "CPU a GiB, s", 2),
    Measure("grew_mib", "memory grew by, MiB"),
    *SHARES,
)
UPLOAD = Workload(
    name="upload",
    title="A large file comes",
    text=lambda scale: (
        f"{scale.file_mib:,} MiB from one client, to the disk. Parley takes them as the body of a "
        "request, hashes them, and answers once they are synced. Node.js takes a form by busboy "
        "and writes its file: nothing is checked, hashed or synced."
    ),
    run=_upload,
    measures=MOVED,
    headline="cpu_s_a_gib",
    servers=("parley", "busboy"),
    within_s=150.0,
    environ=ENVIRON,
)
DOWNLOAD = Workload(
    name="download",
    title="A large file is read",
    text=lambda scale: (
        f"{scale.file_mib:,} MiB by one client, from the page cache. Parley asks for each request "
        "whether its reader may; nginx serves a folder, with sendfile."
    ),
    run=_download,
    measures=MOVED,
    headline="cpu_s_a_gib",
    servers=("parley", "nginx"),
    within_s=150.0,
    environ=ENVIRON,
)
BESIDE = Workload(
    name="beside-files",
    title="Talking beside large files",
    text=lambda scale: (
        f"{ROOMS} rooms of {PEOPLE} people, {RATE:.0f} messages a second over all of them; in turn "
        "with and without somebody else who sends one large file after the other, and then reads "
        "one again and again, as fast as it goes, in a process of lower priority than the people's."
    ),
    run=_beside,
    measures=(
        Measure("p99_alone_up_ms", "delivered after, 99 of 100, ms", 2),
        Measure("p99_up_ms", "while a file comes, ms", 2),
        Measure("ratio_up", "ratio", 2),
        Measure("p99_alone_down_ms", "delivered after, 99 of 100, ms", 2),
        Measure("p99_down_ms", "while a file is read, ms", 2),
        Measure("ratio_down", "ratio", 2),
        Measure("lost", "deliveries lost", 0),
    ),
    headline="ratio_up",
    servers=("parley",),
    within_s=200.0,
    environ=ENVIRON,
)
PHOTO = Workload(
    name="photo",
    title="A photo",
    text=lambda scale: (
        f"A JPEG of {scale.photo_megapixels} megapixels is sent, made new without what a camera "
        "writes into it, and its preview is read by somebody else; all of that on one core."
    ),
    run=_photo,
    measures=(
        Measure("took_s", "median, s", 2),
        Measure("most_s", "the slowest, s", 2),
        Measure("mb", "its size, MB", 1),
    ),
    headline="took_s",
    servers=("parley",),
    environ=ENVIRON,
)
