"""Files through kills, full disks and stops: what was acknowledged is there, nothing else is."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import resource
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from parley import records
from parley.app import Parley, create_app
from parley.config import Config
from parley.domain import files
from parley.domain.context import Context
from parley.domain.files import KEEP_EVERY_BYTES
from parley.errors import NotFound
from parley.files.store import READ_MAX_BYTES, Folder
from parley.storage import files as stored
from tests.calls import Caller
from tests.eventually import until
from tests.faults.server import Server
from tests.generous import generous
from tests.people import Person
from tests.uploading import OFFSET_TYPE, adds, asks, begins, files_of, sends, uploads, uploads_of

MB = 1_000_000


@dataclass
class Place:
    """A server in its own process, and Ada in a conversation of hers."""

    server: Server
    ada: Person
    room_id: str = ""

    def lying(self) -> list[str]:
        """What lies where uploads and files are."""
        folders = [self.server.folder / name for name in ("uploads", "files")]
        return sorted(
            path.name for folder in folders for path in folder.glob("**/*") if path.is_file()
        )

    async def comes_back(self) -> None:
        self.server.kill()
        await self.server.ends()
        await self.server.start()


@contextlib.asynccontextmanager
async def place_at(folder: Path, *flags: str) -> AsyncIterator[Place]:
    server = Server(folder, *flags)
    await server.start()
    place = Place(server, Person("Ada", server.url))
    try:
        place.room_id = await place.ada.starts()
        await place.ada.joins_over_rest(place.room_id)
        yield place
    finally:
        await place.ada.goes_home()
        await server.cleaned_up()


async def test_an_upload_goes_on_after_the_server_was_killed_in_the_middle(tmp_path: Path) -> None:
    # So much that the first part of it was waited for.
    data = bytes(range(256)) * (4 * KEEP_EVERY_BYTES // 256)
    async with place_at(tmp_path / "data") as here:
        path = await begins(here.ada, here.room_id, len(data))
        upload = here.server.folder / "uploads" / path.rsplit("/", 1)[1]
        acknowledged = 100_000
        assert (await adds(here.ada, path, data[:acknowledged], 0)).status == 204

        async def much() -> AsyncIterator[bytes]:
            for start in range(acknowledged, len(data) - MB, 65_536):
                yield data[start : min(start + 65_536, len(data) - MB)]
            await until(lambda: upload.stat().st_size == len(data) - MB)
            here.server.kill()
            await asyncio.Event().wait()

        with contextlib.suppress(Exception):
            await adds(here.ada, path, much(), acknowledged)
        await here.server.ends()
        with upload.open("r+b") as file:  # as after a power cut: not all of the rest is there
            file.seek(-MB // 2, 2)
            file.write(bytes(1000))
        await here.server.start()
        at = await asks(here.ada, path)
        assert at is not None
        assert acknowledged + KEEP_EVERY_BYTES <= at < len(data)
        assert (await adds(here.ada, path, data[at:], at)).status == 204
        await sends(here.ada, here.room_id, {"id": upload.name})
        _, page = await here.ada.call("GET", files_of(here.room_id))
        kept = await here.ada.send("GET", page["files"][0]["file"]["url"])
        assert hashlib.sha256(kept.body).digest() == hashlib.sha256(data).digest()
        assert here.lying() == [upload.name]


async def test_a_full_disk_keeps_what_came_and_leaves_nothing_of_the_rest(tmp_path: Path) -> None:
    if not hasattr(resource, "prlimit"):
        pytest.skip("This system cannot limit another process.")
    async with place_at(tmp_path / "data") as here:
        path = await begins(here.ada, here.room_id, 10 * MB)
        assert (await adds(here.ada, path, bytes(MB), 0)).status == 204
        soft, hard = resource.prlimit(here.server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(here.server.pid, resource.RLIMIT_FSIZE, (5 * MB, hard))
        whole = await here.ada.send("POST", f"{files_of(here.room_id)}?name=a", bytes(6 * MB))
        rest = await adds(here.ada, path, bytes(9 * MB), MB)
        for refused in (whole, rest):
            assert (refused.status, refused.json["code"]) == (503, "unavailable")
            assert refused.json["retry_after"] > 0
        await until(lambda: here.lying() == [path.rsplit("/", 1)[1]])
        # Talking goes on.
        said, _ = await here.ada.call(
            "POST", f"/api/conversations/{here.room_id}/messages", {"message": "Hello"}
        )
        assert said == 201
        resource.prlimit(here.server.pid, resource.RLIMIT_FSIZE, (soft, hard))
        at = await asks(here.ada, path)
        assert at is not None
        assert MB <= at <= 5 * MB
        assert (await adds(here.ada, path, bytes(10 * MB - at), at)).status == 204


async def test_a_file_for_which_there_is_no_room_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, app: Parley
) -> None:
    monkeypatch.setattr("parley.files.inbox.ROOM_LEFT_BYTES", 10**18)
    ada = Caller(app, "Ada")
    room_id = await ada.starts()
    await ada.joins(room_id)
    refused = await ada.call("POST", f"{files_of(room_id)}?name=a", raw=b"Hello")
    assert refused.status == 503
    assert "no room" in refused.body["error"]
    await until(lambda: not list((tmp_path / "data" / "uploads").glob("*")))


async def test_uploads_that_were_begun_leave_the_database_its_room(
    app: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = Caller(app, "Ada")
    room_id = await ada.starts()
    await ada.joins(room_id)
    headers = {"Tus-Resumable": "1.0.0"}
    begun = await ada.call("POST", uploads_of(room_id), headers={**headers, "Upload-Length": "10"})
    # What others were sending meanwhile took the room.
    monkeypatch.setattr("parley.files.inbox.ROOM_LEFT_BYTES", 10**18)
    path, added = begun.headers["Location"], {**headers, "Content-Type": OFFSET_TYPE}
    refused = await ada.call("PATCH", path, raw=b"Hello", headers={**added, "Upload-Offset": "0"})
    assert refused.status == 503
    assert (await ada.call("HEAD", path, headers=headers)).headers["Upload-Offset"] == "0"


@pytest.mark.long("a long body")
async def test_a_body_without_end_is_cut_off(tmp_path: Path) -> None:
    async with place_at(tmp_path / "data", "--max-file", "100kB") as here:

        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield bytes(10_000)

        with contextlib.suppress(OSError):
            refused = await here.ada.send("POST", f"{files_of(here.room_id)}?name=a", endless())
            assert refused.status == 413
        await until(lambda: here.lying() == [])
        too_long = {"Upload-Length": "100001", "Tus-Resumable": "1.0.0"}
        refused = await here.ada.send("POST", uploads_of(here.room_id), headers=too_long)
        assert (refused.status, refused.json["code"]) == (413, "too_large")


@pytest.mark.long("it waits for all that a stop is given")
async def test_a_stop_waits_for_no_upload_and_no_download(tmp_path: Path) -> None:
    async with place_at(tmp_path / "data") as here:
        path = await begins(here.ada, here.room_id, 10 * MB)
        upload = here.server.folder / "uploads" / path.rsplit("/", 1)[1]
        is_over = asyncio.Event()

        async def some() -> AsyncIterator[bytes]:
            yield bytes(MB)
            await is_over.wait()

        going_on = asyncio.create_task(adds(here.ada, path, some(), 0))
        await until(lambda: upload.exists() and upload.stat().st_size == MB)
        here.server.signal(15)
        assert await here.server.ends() == 0
        is_over.set()
        await asyncio.wait([going_on])
        going_on.exception()
        await here.server.start()
        at = await asks(here.ada, path)
        assert at is not None
        assert (await adds(here.ada, path, bytes(10 * MB - at), at)).status == 204


# --- killed at a step: what the step before left is there, and a start goes on ---


@dataclass
class Turned:
    """A clock that tests turn."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Left:
    """An upload all of which came, with nothing made of it; as Ada left it, and a kill."""

    app: Parley
    ada: Caller
    room_id: str
    upload: records.Upload

    @property
    def context(self) -> Context:
        context: Context = self.app.extensions["parley"].context
        return context

    async def asks(self) -> str | None:
        path = f"{uploads_of(self.room_id)}/{self.upload.id}"
        reply = await self.ada.call("HEAD", path, headers={"Tus-Resumable": "1.0.0"})
        return reply.headers.get("Upload-Offset")


async def begun(app: Parley, *, is_put: bool) -> Left:
    ada = Caller(app, "Ada")
    room_id = await ada.starts()
    await ada.joins(room_id)
    begins = await ada.call(
        "POST",
        uploads_of(room_id),
        headers={"Tus-Resumable": "1.0.0", "Upload-Length": "5"},
    )
    context: Context = app.extensions["parley"].context
    id = begins.headers["Location"].rsplit("/", 1)[1]

    async def pieces() -> AsyncIterator[bytes]:
        yield b"Hello"

    upload = await context.database.read(stored.upload, id)
    assert upload is not None
    await files.receive(context, upload, pieces())
    room = files.filing(context)
    if is_put:
        await room.store.put(id, room.inbox.path(id))
    return Left(app, ada, room_id, upload)


@pytest.mark.parametrize("is_put", [False, True], ids=["before", "after"])
async def test_killed_before_or_after_it_was_stored_it_becomes_a_file_when_asked_for(
    config: Config, is_put: bool
) -> None:
    first = create_app(generous(config))
    async with first.test_app():
        left = await begun(first, is_put=is_put)
    again = create_app(generous(config))
    async with again.test_app():
        ada = Caller(again, "Ada")
        ada.token = left.ada.token
        now = Left(again, ada, left.room_id, left.upload)
        assert await now.asks() == "5"
        body = {"message": "", "attachments": [left.upload.id]}
        said = await ada.call("POST", f"/api/conversations/{left.room_id}/messages", body)
        assert said.status == 201
        read = await ada.call("GET", f"/files/{left.upload.id}/file")
        assert (read.status, read.raw) == (200, b"Hello")
        assert not list((config.data / "uploads").iterdir())


async def test_what_was_made_of_a_picture_before_a_kill_is_gone_after_the_start(
    config: Config,
) -> None:
    uploading = config.data / "uploads"
    uploading.mkdir(parents=True)
    for name in ("0123456789abcdef.jpeg", "0123456789abcdef.preview.webp"):
        (uploading / name).touch()
        os.utime(uploading / name, (time.time() - 1,) * 2)
    app = create_app(generous(config))
    async with app.test_app():
        await until(lambda: not list(uploading.iterdir()))


@pytest.mark.parametrize("is_put", [False, True], ids=["before", "after"])
async def test_what_nobody_asks_for_again_is_gone_after_an_hour(
    config: Config, is_put: bool
) -> None:
    app = create_app(generous(config))
    async with app.test_app():
        left = await begun(app, is_put=is_put)
        context = left.context
        later = Turned(context.clock() + timedelta(seconds=files.WAITS_S - 60))
        aged = replace(context, clock=later)
        await files.erase(aged)
        assert [path.name for path in (config.data / "uploads").iterdir()] == [left.upload.id]
        later.at += timedelta(seconds=120)
        await files.erase(aged)
        for folder in ("uploads", "files"):
            assert not [path for path in (config.data / folder).glob("**/*") if path.is_file()]
        assert await left.asks() is None


async def test_whoever_opens_a_file_just_before_it_is_erased_does_not_read_on(
    app: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = Caller(app, "Ada")
    room_id = await ada.starts()
    await ada.joins(room_id)
    data = bytes(3 * READ_MAX_BYTES)
    answer = await ada.call("POST", f"{files_of(room_id)}?name=a", raw=data)
    context: Context = app.extensions["parley"].context
    id, erase = answer.body["file"]["id"], Folder.erase
    reading = files.read(context, id, id, 0, len(data))

    async def first_read(store: Folder, keys: Iterable[str]) -> None:
        assert await anext(reading)
        await erase(store, keys)

    monkeypatch.setattr(Folder, "erase", first_read)
    later = Turned(context.clock() + timedelta(seconds=files.WAITS_S + 60))
    await files.erase(replace(context, clock=later))
    with pytest.raises(NotFound):
        await anext(reading)


async def test_deleting_erases_the_bytes_and_nobody_reads_them_any_more(tmp_path: Path) -> None:
    async with place_at(tmp_path / "data") as here:
        ada, path = here.ada, f"/api/conversations/{here.room_id}"
        one, two = await uploads(ada, here.room_id), await uploads(ada, here.room_id)
        said = await sends(ada, here.room_id, one)
        await sends(ada, here.room_id, two)
        idle = await uploads(ada, here.room_id)
        assert (await ada.call("DELETE", f"{path}/messages/{said['id']}"))[0] == 200
        assert (await ada.send("GET", one["url"])).status == 404
        await until(lambda: here.lying() == sorted([two["id"], idle["id"]]))
        status, receipt = await ada.call("DELETE", path)
        assert (status, receipt["files"]) == (200, 2)
        for file in (two, idle):
            assert (await ada.send("GET", file["url"])).status == 404
        await until(lambda: here.lying() == [])


async def test_a_kill_right_after_deleting_erases_them_at_the_start(tmp_path: Path) -> None:
    async with place_at(tmp_path / "data") as here:
        file = await uploads(here.ada, here.room_id)
        await sends(here.ada, here.room_id, file)
        assert (await here.ada.call("DELETE", f"/api/conversations/{here.room_id}"))[0] == 200
        await here.comes_back()
        assert (await here.ada.send("GET", file["url"])).status == 404
        await until(lambda: here.lying() == [])
