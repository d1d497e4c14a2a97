"""Pieces of files, as a browser asks for them: one, or several in one answer."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest_asyncio

from tests import lasting
from tests.people import Json, Person
from tests.uploading import uploads

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

DATA = bytes(range(256)) * 4


@pytest_asyncio.fixture(loop_scope="module")
async def ada(person: Callable[..., Person]) -> Person:
    return person("Ada")


@pytest_asyncio.fixture(loop_scope="module")
async def file(ada: Person) -> Json:
    room_id = await ada.starts()
    await ada.joins_over_rest(room_id)
    return await uploads(ada, room_id, DATA)


async def test_one_piece_is_the_whole_answer(ada: Person, file: Json) -> None:
    some = await ada.send("GET", file["url"], headers={"Range": "bytes=7-600"})
    assert (some.status, some.body) == (206, DATA[7:601])
    assert some.headers["content-range"] == f"bytes 7-600/{len(DATA)}"


async def test_several_pieces_are_parts_of_one_answer(ada: Person, file: Json) -> None:
    some = await ada.send("GET", file["url"], headers={"Range": "bytes=0-1, 300-559, -3"})
    assert some.status == 206
    boundary = some.headers["content-type"].removeprefix("multipart/byteranges; boundary=")
    *parts, end = some.body.split(f"\r\n--{boundary}".encode())[1:]
    assert end == b"--\r\n"
    found = {}
    for part in parts:
        head, _, body = part.partition(b"\r\n\r\n")
        (where,) = re.findall(rb"Content-Range: bytes (\S+)/1024", head)
        found[where.decode()] = body
    assert found == {"0-1": DATA[:2], "300-559": DATA[300:560], "1021-1023": DATA[-3:]}
