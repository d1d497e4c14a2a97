"""A whole server with its files in a bucket: what is promised of files holds, store or not."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from parley.app import Parley, create_app
from parley.config import Config
from parley.domain import files
from parley.domain.context import Context
from parley.errors import Unavailable
from parley.files.bucket import PART_BYTES, PIECE_BYTES
from parley.storage import files as stored
from tests.calls import Caller
from tests.effort import times
from tests.eventually import until
from tests.faults.server import Server
from tests.files.stores import S3
from tests.files.wires import Wire, wire_to
from tests.generous import generous
from tests.people import Person
from tests.uploading import TUS, adds, asks, begins, files_of, sends, uploads, uploads_of

LARGE = 4 * PART_BYTES


@dataclass
class Place:
    """A server in its own process, and Ada in a conversation of hers."""

    server: Server
    store: S3
    wire: Wire
    ada: Person
    room_id: str = ""

    async def lying(self) -> list[str]:
        """The ids of what lies in the bucket."""
        keys = await asyncio.to_thread(self.store.lying)
        return sorted(key.rpartition("/")[2] for key in keys)

    async def until_there_are(self, *ids: str) -> None:
        def are_there() -> bool:
            return sorted(key.rpartition("/")[2] for key in self.store.lying()) == sorted(ids)

        await until(are_there, every_s=0.05)

    def uploading(self) -> list[str]:
        return [path.name for path in (self.server.folder / "uploads").glob("*")]


@pytest.fixture
async def here(one_s3: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Place]:
    async with wire_to(one_s3.endpoint) as wire:
        monkeypatch.setenv("AWS_ENDPOINT_URL", wire.url)
        server = Server(tmp_path / "data", "--files-url", one_s3.url)
        await server.start()
        place = Place(server, one_s3, wire, Person("Ada", server.url))
        try:
            place.room_id = await place.ada.starts()
            await place.ada.joins_over_rest(place.room_id)
            yield place
        finally:
            await place.ada.goes_home()
            await server.cleaned_up()


def data_of(size: int) -> bytes:
    return b"".join(number.to_bytes(8) for number in range(-(-size // 8)))[:size]


async def test_files_are_sent_read_and_erased(here: Place) -> None:
    ada, data = here.ada, data_of(2 * PIECE_BYTES + 5)
    one, two = await uploads(ada, here.room_id, data), await uploads(ada, here.room_id)
    assert await here.lying() == sorted([one["id"], two["id"]])
    assert not list((here.server.folder / "files").glob("**/*"))
    said = await sends(ada, here.room_id, one)
    await sends(ada, here.room_id, two)
    whole = await ada.send("GET", one["url"])
    assert (whole.status, whole.body) == (200, data)
    some = await ada.send("GET", one["url"], headers={"Range": "bytes=7-1048576"})
    assert (some.status, some.body) == (206, data[7:1048577])
    assert some.headers["content-range"] == f"bytes 7-1048576/{len(data)}"
    several = await ada.send("GET", one["url"], headers={"Range": "bytes=0-1,5-6"})
    assert several.status == 206
    assert data[5:7] in several.body

    message = f"/api/conversations/{here.room_id}/messages/{said['id']}"
    assert (await ada.call("DELETE", message))[0] == 200
    assert (await ada.send("GET", one["url"])).status == 404
    await here.until_there_are(two["id"])
    status, receipt = await ada.call("DELETE", f"/api/conversations/{here.room_id}")
    assert (status, receipt["files"]) == (200, 1)
    await here.until_there_are()
    assert "files_store_failed" not in here.server.log.read_text()


@pytest.mark.long("tests/files/test_bucket.py tells most of it")
async def test_while_the_store_is_away_nothing_is_lost_and_talking_goes_on(here: Place) -> None:
    ada, data = here.ada, data_of(LARGE)
    kept = await uploads(ada, here.room_id)
    sent = await sends(ada, here.room_id, kept)
    path = await begins(ada, here.room_id, len(data))
    assert (await adds(ada, path, data[:-5], 0)).status == 204

    here.wire.cut()
    whole = await ada.send("POST", f"{files_of(here.room_id)}?name=a.txt", b"Hello")
    last = await adds(ada, path, data[-5:], len(data) - 5)
    read = await ada.send("GET", kept["url"])
    for refused in (whole, last):
        assert (refused.status, refused.json["code"]) == (503, "unavailable")
        assert refused.json["retry_after"] > 0
        assert refused.json["error"].startswith("Files can't be reached right now.")
    assert read.status == 503
    assert b"Files can&#39;t be reached right now." in read.body
    assert int(read.headers["retry-after"]) > 0
    assert (await ada.send("HEAD", path, headers=TUS)).status == 503
    # What came at once is for whoever sent it to send again; what goes on is there.
    await until(lambda: here.uploading() == [path.rpartition("/")[2]])
    said, _ = await ada.call(
        "POST", f"/api/conversations/{here.room_id}/messages", {"message": "Hello"}
    )
    assert said == 201
    message = f"/api/conversations/{here.room_id}/messages/{sent['id']}"
    assert (await ada.call("DELETE", message))[0] == 200
    assert (await ada.send("GET", kept["url"])).status == 404, "gone at once, store or not"

    here.wire.mend()
    assert await asks(ada, path) == len(data)
    again = await uploads(ada, here.room_id)
    large = {"id": path.rpartition("/")[2]}
    await sends(ada, here.room_id, large, again)
    _, page = await ada.call("GET", files_of(here.room_id))
    (url,) = [each["file"]["url"] for each in page["files"] if each["file"]["id"] == large["id"]]
    body = (await ada.send("GET", url)).body
    assert hashlib.sha256(body).digest() == hashlib.sha256(data).digest()
    log = here.server.log.read_text()
    assert log.count("files_store_failed") == 1, "not for each"
    assert "Traceback" not in log
    assert kept["id"] not in log
    assert await asyncio.to_thread(here.store.unfinished) == []


async def test_a_kill_in_the_middle_of_a_put_loses_nothing(here: Place) -> None:
    ada, data = here.ada, data_of(LARGE)
    path = await begins(ada, here.room_id, len(data))
    here.wire.hold_after = PART_BYTES // 2
    adding = asyncio.create_task(adds(ada, path, data, 0))
    await until(lambda: here.wire.is_held)
    here.server.kill()
    await here.server.ends()
    await asyncio.wait([adding])
    adding.exception()
    here.wire.let_pass()
    assert await here.lying() == []
    await here.server.start()
    assert await asks(ada, path) == len(data)
    file = {"id": path.rpartition("/")[2]}
    await sends(ada, here.room_id, file)
    assert await here.lying() == [file["id"]]
    assert here.uploading() == []


@pytest.mark.long("a kill in the middle tells most of it")
async def test_a_stop_in_the_middle_of_a_put_is_a_stop_and_leaves_no_parts(here: Place) -> None:
    ada, data = here.ada, data_of(LARGE)
    path = await begins(ada, here.room_id, len(data))
    here.wire.hold_after = PART_BYTES // 2
    adding = asyncio.create_task(adds(ada, path, data, 0))
    await until(lambda: here.wire.is_held)
    here.server.signal(15)
    here.wire.let_pass()
    assert await here.server.ends() == 0
    await asyncio.wait([adding])
    adding.exception()
    assert "Traceback" not in here.server.log.read_text()
    assert await asyncio.to_thread(here.store.unfinished) == []
    await here.server.start()
    assert await asks(ada, path) == len(data)


@pytest.mark.long("it waits for all that a stop is given")
async def test_a_stop_while_the_store_hangs_is_in_time(here: Place) -> None:
    ada = here.ada
    kept = await uploads(ada, here.room_id)
    path = await begins(ada, here.room_id, LARGE)
    here.wire.hold()
    waiting = [
        asyncio.create_task(ada.send("GET", kept["url"])),
        asyncio.create_task(adds(ada, path, bytes(LARGE), 0)),
    ]
    await until(
        lambda: (here.server.folder / "uploads" / path.rpartition("/")[2]).stat().st_size == LARGE
    )
    here.server.signal(15)
    assert await here.server.ends() == 0
    await asyncio.wait(waiting)
    for each in waiting:
        each.exception()
    log = here.server.log.read_text()
    assert "Traceback" not in log
    assert "panicked" not in log


@pytest.mark.long("a kill in the middle tells most")
@pytest.mark.longer
async def test_however_often_the_line_breaks_what_is_acknowledged_is_there(here: Place) -> None:
    chance = random.Random(7)
    sizes = [chance.choice((5, 70_000, PART_BYTES + 5)) for _ in range(times(4, full=100))]
    is_over, refused, acknowledged = False, 0, dict[str, bytes]()

    async def reached(count: Callable[[], int], more: int) -> None:
        enough = count() + more
        await until(lambda: count() >= enough or is_over, within_s=120)

    async def trouble() -> int:
        cuts = 0
        while not is_over:
            await reached(lambda: here.wire.passed, chance.randrange(1, 2 * PART_BYTES))
            here.wire.cut()
            await reached(lambda: here.wire.refused, chance.randrange(1, 12))
            here.wire.mend()
            cuts += 1
        return cuts

    async def send(size: int) -> None:
        nonlocal refused
        data = chance.randbytes(size)
        while True:
            path = await begins(here.ada, here.room_id, size)
            answer = await adds(here.ada, path, data, 0)
            while answer.status == 503:
                refused += 1
                answer = await here.ada.send("HEAD", path, headers=TUS)
            if answer.status in (200, 204):
                acknowledged[path.rpartition("/")[2]] = data
                return

    troubling = asyncio.create_task(trouble())
    turns = [asyncio.create_task(send(size)) for size in sizes]
    await asyncio.gather(*turns)
    is_over = True
    assert await troubling > 1
    assert refused
    assert len(acknowledged) == len(sizes)
    ids = list(acknowledged)
    for some in (ids[at : at + 10] for at in range(0, len(ids), 10)):
        await sends(here.ada, here.room_id, *({"id": id} for id in some))
    for id, data in acknowledged.items():
        read = await here.ada.send("GET", f"/files/{id}/a.bin")
        assert hashlib.sha256(read.body).digest() == hashlib.sha256(data).digest()
    await here.until_there_are(*ids)
    assert (await here.ada.call("DELETE", f"/api/conversations/{here.room_id}"))[0] == 200
    await here.until_there_are()
    assert "Traceback" not in here.server.log.read_text()


# --- in this process, between one step and the next ---


@dataclass
class Begun:
    app: Parley
    ada: Caller
    room_id: str
    wire: Wire
    store: S3

    @property
    def context(self) -> Context:
        context: Context = self.app.extensions["parley"].context
        return context


@pytest.fixture
async def begun(
    one_s3: S3, monkeypatch: pytest.MonkeyPatch, config: Config
) -> AsyncIterator[Begun]:
    async with wire_to(one_s3.endpoint) as wire:
        monkeypatch.setenv("AWS_ENDPOINT_URL", wire.url)
        app = create_app(replace(generous(config), files_url=one_s3.url))
        async with app.test_app():
            ada = Caller(app, "Ada")
            room_id = await ada.starts()
            await ada.joins(room_id)
            yield Begun(app, ada, room_id, wire, one_s3)
            wire.let_pass()


async def test_what_is_deleted_while_it_is_put_is_erased_after_that(begun: Begun) -> None:
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(LARGE)}
    begins = await begun.ada.call("POST", uploads_of(begun.room_id), headers=headers)
    path = begins.headers["Location"]
    begun.wire.hold_after = PART_BYTES // 2
    more = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    more["Content-Type"] = "application/offset+octet-stream"
    adding = asyncio.create_task(begun.ada.call("PATCH", path, raw=bytes(LARGE), headers=more))
    await until(lambda: begun.wire.is_held)
    deleted = await begun.ada.call("DELETE", f"/api/conversations/{begun.room_id}")
    assert deleted.status == 200
    erasing = asyncio.create_task(files.erase_bytes(begun.context))
    await until(lambda: begun.wire.deletions >= 2)  # it, and its preview
    for _ in range(3):  # so that whatever follows has had the time
        await begun.ada.starts()
    noted = await begun.context.database.read(stored.erased, limit=10)
    assert noted == (path.rpartition("/")[2],), "a start after a kill would erase it"
    begun.wire.let_pass()
    await erasing
    assert (await adding).status == 404
    await files.erase_bytes(begun.context)
    assert await asyncio.to_thread(begun.store.lying) == []
    assert await asyncio.to_thread(begun.store.unfinished) == []


async def test_what_could_not_be_erased_is_erased_once_it_can_be(begun: Begun) -> None:
    sent = await begun.ada.call("POST", f"{files_of(begun.room_id)}?name=a", raw=b"Hello")
    id = sent.body["file"]["id"]
    begun.wire.cut()
    deleted = await begun.ada.call("DELETE", f"/api/conversations/{begun.room_id}")
    assert deleted.status == 200
    for _ in range(2):
        with pytest.raises(Unavailable):
            await files.erase_bytes(begun.context)
    assert [key[-32:] for key in await asyncio.to_thread(begun.store.lying)] == [id]
    begun.wire.mend()
    await files.erase_bytes(begun.context)
    assert await asyncio.to_thread(begun.store.lying) == []
