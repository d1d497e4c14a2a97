"""Uploads that break off, go on, or are not what was announced."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from unittest.mock import AsyncMock
from urllib.parse import urlsplit

import pytest

from parley import incoming
from parley.domain import files, owning
from parley.errors import Unavailable
from parley.media import Workshop
from tests.eventually import until
from tests.media.recorded import android, mp4, mvhd, trak
from tests.people import PATIENCE_S, Json, Person
from tests.servers import Running
from tests.uploading import (
    OFFSET_TYPE,
    TUS,
    adds,
    asks,
    begins,
    files_of,
    sends,
    uploads,
    uploads_of,
)

People = Callable[..., Person]


@pytest.fixture
async def ada(person: People) -> Person:
    return person("Ada")


@pytest.fixture
async def room_id(ada: Person) -> str:
    room_id = await ada.starts()
    await ada.joins_over_rest(room_id)
    return room_id


def folder_of(server: Running) -> Path:
    data: Path = server.app.extensions["parley"].config.data
    return data


def lying(server: Running) -> list[str]:
    """What lies where uploads and files are."""
    folders = [folder_of(server) / name for name in ("uploads", "files")]
    return sorted(path.name for folder in folders for path in folder.glob("**/*") if path.is_file())


@contextlib.asynccontextmanager
async def connected(server: Running, head: str) -> AsyncIterator[asyncio.StreamWriter]:
    """A connection whose request has begun, and has no end yet."""
    url = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(head.encode())
    try:
        yield writer
    finally:
        writer.close()
        del reader


def head_of(ada: Person, method: str, path: str, *more: str) -> str:
    lines = (f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {ada.token}")
    return "\r\n".join([*lines, *more, "", ""])


def of_patch(ada: Person, path: str, offset: int, length: int) -> str:
    given = {**TUS, "Upload-Offset": offset, "Content-Type": OFFSET_TYPE, "Content-Length": length}
    return head_of(ada, "PATCH", path, *(f"{name}: {value}" for name, value in given.items()))


async def test_an_upload_goes_on_where_it_is_and_becomes_a_file(ada: Person, room_id: str) -> None:
    data = bytes(range(256)) * 1000
    path = await begins(ada, room_id, len(data), "grüße.bin")
    for start in range(0, len(data), 100_000):
        assert await asks(ada, path) == start
        answer = await adds(ada, path, data[start : start + 100_000], start)
        assert answer.status == 204, answer
    assert await asks(ada, path) == len(data)
    said = await sends(ada, room_id, {"id": path.rsplit("/", 1)[1]}, message="Here")
    [file] = said["attachments"] if "attachments" in said else (await page(ada, room_id))
    assert (file["name"], file["size"]) == ("grüße.bin", len(data))
    assert (await ada.send("GET", file["url"])).body == data


async def page(ada: Person, room_id: str) -> list[Json]:
    _, reply = await ada.call("GET", files_of(room_id))
    return [each["file"] for each in reply["files"]]


async def test_an_upload_that_broke_off_keeps_what_came(
    server: Running, ada: Person, room_id: str
) -> None:
    path = await begins(ada, room_id, 100_000)
    async with connected(server, of_patch(ada, path, 0, 100_000)) as line:
        line.write(bytes(60_000))
        await line.drain()
    inbox = folder_of(server) / "uploads" / path.rsplit("/", 1)[1]
    await until(lambda: inbox.stat().st_size == 60_000)
    while await asks(ada, path) != 60_000:  # until the server has seen it
        pass
    assert (await adds(ada, path, bytes(40_000), 60_000)).status == 204


async def test_what_follows_a_large_file_in_its_connection_is_the_next_request(
    server: Running, ada: Person, room_id: str
) -> None:
    data = random.Random(1).randbytes(3_000_000)  # most of it passes by h11
    path = await begins(ada, room_id, len(data))
    url = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        head = of_patch(ada, path, 0, len(data)).encode()
        writer.write(head + data + b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            assert (await reader.readline()).startswith(b"HTTP/1.1 204")
            while b"HTTP/1.1 200" not in await reader.readline():
                assert not reader.at_eof()
    finally:
        writer.close()
    await sends(ada, room_id, {"id": path.rsplit("/", 1)[1]})
    [kept] = await page(ada, room_id)
    assert (await ada.send("GET", kept["url"])).body == data


async def test_of_two_who_add_the_newer_goes_on_and_nothing_is_lost(
    server: Running, ada: Person, room_id: str
) -> None:
    path = await begins(ada, room_id, 100)
    async with connected(server, of_patch(ada, path, 0, 100)) as older:
        older.write(b"a" * 60)
        await older.drain()
        inbox = folder_of(server) / "uploads" / path.rsplit("/", 1)[1]
        await until(lambda: inbox.stat().st_size == 60)
        # It begins where the older one did, which has come further by now.
        assert (await adds(ada, path, b"b" * 100, 0)).status == 409
        assert await asks(ada, path) == 60
        assert (await adds(ada, path, b"b" * 40, 60)).status == 204
    file = {"id": path.rsplit("/", 1)[1]}
    await sends(ada, room_id, file)
    [kept] = await page(ada, room_id)
    assert (await ada.send("GET", kept["url"])).body == b"a" * 60 + b"b" * 40


async def test_of_three_at_once_what_one_of_them_sent_is_stored(ada: Person, room_id: str) -> None:
    path = await begins(ada, room_id, 100_000)
    answers = await asyncio.gather(
        *(adds(ada, path, letter * 100_000, 0) for letter in (b"a", b"b", b"c"))
    )
    statuses = [answer.status for answer in answers]
    assert set(statuses) <= {204, 404, 409, 423}
    assert statuses.count(204) <= 1
    # The newer takes over from the older, and may find that it begins where something is already:
    # all of it, even, and then whoever asks is told so and there is nothing to add.
    offset = await asks(ada, path)
    assert offset is not None
    if offset < 100_000:
        assert 204 not in statuses
        assert (await adds(ada, path, b"d" * (100_000 - offset), offset)).status == 204
    await sends(ada, room_id, {"id": path.rsplit("/", 1)[1]})
    [kept] = await page(ada, room_id)
    body = (await ada.send("GET", kept["url"])).body
    assert len(body) == 100_000
    assert body == body[:1] * offset + b"d" * (100_000 - offset)


async def test_asking_twice_at_its_end_makes_one_file(ada: Person, room_id: str) -> None:
    path = await begins(ada, room_id, 5)
    await adds(ada, path, b"Hello", 0)
    again = await asyncio.gather(*(adds(ada, path, b"", 5) for _ in range(3)))
    assert {answer.status for answer in again} <= {204, 404}
    await sends(ada, room_id, {"id": path.rsplit("/", 1)[1]})
    [kept] = await page(ada, room_id)
    assert (await ada.send("GET", kept["url"])).body == b"Hello"


async def test_what_was_synced_before_the_body_ended_is_known_to_be_there(
    ada: Person, room_id: str, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.files.inbox.SYNC_EVERY_BYTES", 1)
    path = await begins(ada, room_id, 5)
    id = path.rsplit("/", 1)[1]
    inbox = files.filing(server.app.extensions["parley"].context).inbox

    async def body() -> AsyncIterator[bytes]:
        yield b"Hello"
        await until(lambda: id in inbox._opened and inbox._opened[id].synced == 5)

    added = await adds(ada, path, body(), 0)
    assert (added.status, added.headers["upload-offset"]) == (204, "5")
    await sends(ada, room_id, {"id": id})


async def test_what_does_not_fit_what_is_there_is_refused_and_changes_nothing(
    ada: Person, room_id: str
) -> None:
    path = await begins(ada, room_id, 10)
    assert (await adds(ada, path, b"Hello", 0)).status == 204
    for offset in (0, 4, 6, 10, 11, 999_999_999_999_999):
        assert (await adds(ada, path, b"World", offset)).status == 409, offset
    for wrong in ("", "-1", "5.0", "\u0665", "9" * 16):
        headers = {**TUS, "Upload-Offset": wrong, "Content-Type": OFFSET_TYPE}
        assert (await ada.send("PATCH", path, b"World", headers)).status == 400, wrong
    assert (await adds(ada, path, b"World, and more", 5)).status == 400
    wrong_type = await adds(ada, path, b"", 5, **{"Content-Type": "text/plain"})
    wrong_version = await adds(ada, path, b"World", 5, **{"Tus-Resumable": "0.2.2"})
    for refused, status, word in (
        (wrong_type, 415, OFFSET_TYPE),
        (wrong_version, 412, "1.0.0"),
        (await adds(ada, path, b"World", 0), 409, "HEAD"),
    ):
        assert (refused.status, refused.json["code"]) == (status, "bad_request")
        assert word in refused.json["error"]
        assert refused.headers["tus-resumable"] == "1.0.0"
    at = await asks(ada, path)
    assert at is not None
    assert at <= 10
    assert (await adds(ada, path, b"World"[at - 5 :], at)).status == 204
    assert await asks(ada, path) == 10


async def test_an_upload_that_is_let_go_of_is_gone(
    server: Running, ada: Person, room_id: str
) -> None:
    path = await begins(ada, room_id, 10)
    await adds(ada, path, b"Hello", 0)
    assert (await ada.send("DELETE", path, headers=TUS)).status == 204
    assert await asks(ada, path) is None
    assert (await adds(ada, path, b"World", 5)).status == 404
    await until(lambda: lying(server) == [])


@pytest.mark.parametrize("is_whole", [True, False])
async def test_whoever_is_removed_while_they_upload_has_no_file_of_it(
    server: Running, ada: Person, person: People, room_id: str, is_whole: bool
) -> None:
    ben, is_out = person("Ben"), asyncio.Event()
    joined = await ben.joins_over_rest(room_id)

    async def slowly() -> AsyncIterator[bytes]:
        yield bytes(5000)
        await is_out.wait()
        yield bytes(5000)

    if is_whole:
        sending = ben.send("POST", f"{files_of(room_id)}?name=a", slowly())
    else:
        sending = adds(ben, await begins(ben, room_id, 10_000), slowly(), 0)
    going_on = asyncio.create_task(sending)
    folder = folder_of(server) / "uploads"
    await until(lambda: any(each.stat().st_size for each in folder.glob("*")))
    path, body = f"/api/conversations/{room_id}/remove", {"user_id": joined["user_id"]}
    assert (await ada.call("POST", path, body))[0] == 200
    is_out.set()
    assert (await going_on).status in {403, 404}
    assert not list((folder_of(server) / "files").glob("*/*"))


@pytest.mark.parametrize("error", [Unavailable(), RecursionError()])
async def test_a_whole_file_that_cannot_be_looked_at_leaves_nothing(
    server: Running, ada: Person, room_id: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Workshop, "look", AsyncMock(side_effect=error))
    answer = await ada.send("POST", f"{files_of(room_id)}?name=a", b"Hello")
    assert answer.status >= 500
    await until(lambda: lying(server) == [])


async def test_an_upload_that_cannot_be_looked_at_is_kept_only_where_that_may_pass(
    server: Running, ada: Person, room_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await begins(ada, room_id, 5)
    monkeypatch.setattr(Workshop, "look", AsyncMock(side_effect=Unavailable()))
    assert (await adds(ada, path, b"Hello", 0)).status == 503
    assert len(lying(server)) == 1
    monkeypatch.setattr(Workshop, "look", AsyncMock(side_effect=RecursionError()))
    assert (await ada.send("HEAD", path, headers=TUS)).status == 500
    await until(lambda: lying(server) == [])
    assert await asks(ada, path) is None


@pytest.mark.parametrize(
    ("length", "sent"), [("Content-Length: 500000", 100_000), ("Transfer-Encoding: chunked", 0)]
)
async def test_a_whole_file_that_breaks_off_leaves_nothing(
    server: Running, ada: Person, room_id: str, length: str, sent: int
) -> None:
    path = f"{files_of(room_id)}?name=a"
    async with connected(server, head_of(ada, "POST", path, length)) as line:
        body = bytes(sent) if sent else b"5\r\nHello\r\n"
        line.write(body)
        await line.drain()
        await until(lambda: len(lying(server)) == 1)
    await until(lambda: lying(server) == [])
    assert await page(ada, room_id) == []


async def test_a_form_that_breaks_off_leaves_nothing(
    server: Running, ada: Person, room_id: str
) -> None:
    more = ("Content-Type: multipart/form-data; boundary=x", "Content-Length: 500000")
    async with connected(server, head_of(ada, "POST", files_of(room_id), *more)) as line:
        line.write(b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nHello')
        line.write(bytes(50_000))
        await line.drain()
        await until(lambda: len(lying(server)) == 1)
    await until(lambda: lying(server) == [])


async def test_whoever_sends_nothing_more_is_given_up(
    server: Running, ada: Person, room_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "STILL_MAX_S", 0.05)
    path = f"{files_of(room_id)}?name=a"
    async with connected(server, head_of(ada, "POST", path, "Content-Length: 500000")) as line:
        line.write(b"Hello")
        await line.drain()
        await until(lambda: lying(server) == [])
    assert await page(ada, room_id) == []


async def test_a_form_may_say_what_it_is_in_capitals(ada: Person, room_id: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nHello'
    headers = {"Content-Type": "Multipart/Form-Data; boundary=x"}
    answer = await ada.send("POST", files_of(room_id), body + b"\r\n--x--\r\n", headers)
    assert answer.json["file"]["size"] == 5


async def test_a_body_of_chunks_counts_as_it_comes(ada: Person, room_id: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"Hello" * 200

    file = await uploads(ada, room_id, pieces())
    assert file["size"] == 100_000


async def test_a_file_knows_the_hash_of_what_came(
    server: Running, ada: Person, room_id: str
) -> None:
    data = bytes(range(256)) * 999
    whole, path = await uploads(ada, room_id, data), await begins(ada, room_id, len(data))
    await adds(ada, path, data[:1000], 0)
    await adds(ada, path, data[1000:], 1000)
    context = server.app.extensions["parley"].context

    def hashes(connection: object) -> set[bytes]:
        found = connection.exec_driver_sql("SELECT sha256 FROM files")  # type: ignore[attr-defined]
        return {row[0] for row in found}

    assert await context.database.read(hashes) == {hashlib.sha256(data).digest()}
    assert whole["size"] == len(data)


async def test_a_film_that_said_where_it_was_made_knows_the_hash_of_what_is_kept(
    server: Running, ada: Person, room_id: str
) -> None:
    film = mp4(mvhd(3), trak(b"vide", (64, 64)), android())
    kept = (await ada.send("GET", (await uploads(ada, room_id, film))["url"])).body
    assert kept != film
    context = server.app.extensions["parley"].context

    def hashes(connection: object) -> set[bytes]:
        found = connection.exec_driver_sql("SELECT sha256 FROM files")  # type: ignore[attr-defined]
        return {row[0] for row in found}

    assert await context.database.read(hashes) == {hashlib.sha256(kept).digest()}


NAMES = {
    "../../etc/passwd": "passwd",
    "C:\\Users\\Ada\\a.txt": "a.txt",
    "a\tb\r\nSet-Cookie: x": "a b Set-Cookie: x",
    "..": "file",
    " . ": "file",
    "": "file",
    "\u202egnp.exe": "gnp.exe",
    "日本語の名前.pdf": "日本語の名前.pdf",
    "مرحبا.txt": "مرحبا.txt",
    'a"; filename="b.html': None,
    "x" * 5000 + ".pdf": None,
    "preview": "preview",
    "100% #1?.txt": "100% #1?.txt",
}


async def test_any_name_is_kept_without_what_a_name_may_not_have(ada: Person, room_id: str) -> None:
    for given, expected in NAMES.items():
        file = await uploads(ada, room_id, b"Hello", given)
        name = file["name"]
        assert expected is None or name == expected, given
        assert len(name) <= 200
        assert not {"/", "\\"} & set(name)
        assert name.isprintable(), given
        answer = await ada.send("GET", file["url"])
        assert (answer.status, answer.body) == (200, b"Hello"), given
        assert answer.headers["content-disposition"].startswith("attachment; ")
        await sends(ada, room_id, file)


async def test_files_go_with_messages_whose_time_is_over(
    server: Running, ada: Person, room_id: str
) -> None:
    path = await begins(ada, room_id, 5)
    await adds(ada, path, b"Hello", 0)
    await sends(ada, room_id, {"id": path.rsplit("/", 1)[1]})
    [kept] = await page(ada, room_id)
    await ada.call("PATCH", f"/api/conversations/{room_id}", {"keep_days": 1})
    context = server.app.extensions["parley"].context
    assert lying(server)
    await owning.erase_outdated(context, context.clock() + timedelta(days=2))
    assert (await ada.send("GET", kept["url"])).status == 404
    await files.erase_bytes(context)
    assert lying(server) == []


async def test_a_message_has_ten_files_and_no_more(ada: Person, room_id: str) -> None:
    found = [await uploads(ada, room_id, b"x", f"{number}.txt") for number in range(11)]
    body = {"message": "", "attachments": [file["id"] for file in found]}
    status, reply = await ada.call("POST", f"/api/conversations/{room_id}/messages", body)
    assert (status, reply["code"]) == (400, "bad_request")
    assert "attachments: at most 10" in reply["error"]
    said = await sends(ada, room_id, *found[:10])
    _, messages = await ada.call("GET", f"/api/conversations/{room_id}/messages")
    [message] = messages["messages"]
    assert message["id"] == said["id"]
    assert [file["id"] for file in message["attachments"]] == [file["id"] for file in found[:10]]
    assert message["message"] == ", ".join(f"{number}.txt" for number in range(10))


async def test_a_repeated_send_with_files_is_stored_once(ada: Person, room_id: str) -> None:
    file = await uploads(ada, room_id)
    body = {"message": "", "attachments": [file["id"]], "client_id": "c-1"}
    path = f"/api/conversations/{room_id}/messages"
    first, second = await ada.call("POST", path, body), await ada.call("POST", path, body)
    assert (first[0], second[0]) == (201, 201)
    assert first[1]["id"] == second[1]["id"]
    assert len(await page(ada, room_id)) == 1


@pytest.mark.long("more than a hundred uploads")
async def test_nobody_has_more_than_a_hundred_waiting_however_many_at_once(
    ada: Person, room_id: str, server: Running
) -> None:
    headers = {**TUS, "Upload-Length": "5"}
    answers = await asyncio.gather(
        *(ada.send("POST", uploads_of(room_id), headers=headers) for _ in range(200))
    )
    assert [answer.status for answer in answers].count(201) == files.WAITING_MAX
    refused = next(answer for answer in answers if answer.status != 201)
    assert refused.json["code"] == "rate_limited"
    assert len(lying(server)) == files.WAITING_MAX
