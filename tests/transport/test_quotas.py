"""How much a person, a conversation and the server may have; and that it is counted right."""

from __future__ import annotations

import io
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa
from PIL import Image

from parley.config import Config
from parley.storage import file_sums
from tests.eventually import until
from tests.people import Answer, Person
from tests.servers import Running, running
from tests.uploading import TUS, adds, begins, files_of, sends, uploads, uploads_of

Small = Callable[..., Awaitable[tuple[Person, str]]]
KB = 1_000


@pytest.fixture
async def small(config: Config) -> AsyncIterator[Running]:
    quotas = replace(
        config,
        max_file=4 * KB,
        files_per_person=6 * KB,
        files_per_conversation=8 * KB,
        files_in_all=11 * KB,
    )
    async with running(quotas) as server:
        yield server


@pytest.fixture
async def arrives(small: Running) -> AsyncIterator[Small]:
    came: list[Person] = []

    async def arrive(name: str, room_id: str = "") -> tuple[Person, str]:
        came.append(who := Person(name, small.url))
        room_id = room_id or await who.starts()
        await who.joins_over_rest(room_id)
        return who, room_id

    yield arrive
    for each in came:
        await each.goes_home()


async def tries(who: Person, room_id: str, size: int) -> Answer:
    return await who.send("POST", f"{files_of(room_id)}?name=a", bytes(size))


async def counted(server: Running) -> tuple[tuple[int, int], tuple[int, int]]:
    """What is counted, and what that should come to."""
    context = server.app.extensions["parley"].context

    def both(connection: sa.Connection) -> tuple[tuple[int, int], tuple[int, int]]:
        rows = [
            connection.exec_driver_sql(
                f'SELECT coalesce(sum("{came}"), 0), count(*) FROM {name}'
            ).one()
            for name, came in (("files", "size"), ("uploads", "offset"))
        ]
        return file_sums.total(connection), (rows[0][0] + rows[1][0], rows[0][1] + rows[1][1])

    found: tuple[tuple[int, int], tuple[int, int]] = await context.database.read(both)
    return found


async def assert_counted(server: Running) -> None:
    said, real = await counted(server)
    assert said == real


async def no_files_lie_there(server: Running) -> None:
    data = server.app.extensions["parley"].config.data
    await until(lambda: not [path for path in data.glob("files/*/*") if path.is_file()])


async def test_each_quota_refuses_with_words_that_say_whose_it_is(
    small: Running, arrives: Small
) -> None:
    ada, room_id = await arrives("Ada")
    ben, _ = await arrives("Ben", room_id)
    too_large = await tries(ada, room_id, 4 * KB + 1)
    assert (too_large.status, too_large.json["code"]) == (413, "too_large")
    assert "at most 4 kB" in too_large.json["error"]
    for size in (4 * KB, 2 * KB):
        assert (await tries(ada, room_id, size)).status == 201
    of_person = await tries(ada, room_id, 1)
    assert "Your files can take up 6 kB" in of_person.json["error"]
    assert (await tries(ben, room_id, 2 * KB)).status == 201
    of_room = await tries(ben, room_id, 1)
    assert "files of a conversation" in of_room.json["error"]
    cleo, other = await arrives("Cleo")
    assert (await tries(cleo, other, 3 * KB)).status == 201
    in_all = await tries(cleo, other, 1)
    assert "no room for more files" in in_all.json["error"]
    assert {each.status for each in (of_person, of_room, in_all)} == {413}
    await assert_counted(small)


async def test_a_picture_that_is_larger_once_it_is_made_new_has_to_fit_too(
    small: Running, arrives: Small
) -> None:
    ada, room_id = await arrives("Ada")
    pixels = random.Random(1).randbytes(140 * 140 * 3)
    coarse = io.BytesIO()
    Image.frombytes("RGB", (140, 140), pixels).save(coarse, "WEBP", quality=1)
    assert coarse.tell() < 4 * KB
    refused = await ada.send("POST", f"{files_of(room_id)}?name=a.webp", coarse.getvalue())
    assert (refused.status, refused.json["code"]) == (413, "too_large")
    assert "Your files can take up 6 kB" in refused.json["error"]
    await no_files_lie_there(small)
    assert (await tries(ada, room_id, 4 * KB)).status == 201
    await assert_counted(small)


async def test_what_others_only_announce_takes_no_room(small: Running, arrives: Small) -> None:
    for name in ("Mallory", "Trudy", "Eve"):
        who, room_id = await arrives(name)
        await begins(who, room_id, 4 * KB)
    ada, room_id = await arrives("Ada", room_id)
    assert (await tries(ada, room_id, 4 * KB)).status == 201
    await assert_counted(small)


async def test_what_comes_once_the_rest_is_full_is_refused(small: Running, arrives: Small) -> None:
    begun = []
    for name in ("Ada", "Ben", "Cleo"):
        who, room_id = await arrives(name)
        begun.append((who, await begins(who, room_id, 4 * KB)))
    answers = [await adds(who, path, bytes(4 * KB), 0) for who, path in begun]
    assert [each.status for each in answers] == [204, 204, 413]
    assert "no room for more files" in answers[-1].json["error"]
    await assert_counted(small)


async def test_what_one_announces_counts_until_it_is_let_go_of(
    small: Running, arrives: Small
) -> None:
    ada, room_id = await arrives("Ada")
    path = await begins(ada, room_id, 4 * KB)
    assert (await tries(ada, room_id, 3 * KB)).status == 413
    headers = {**TUS, "Upload-Length": str(3 * KB)}
    assert (await ada.send("POST", uploads_of(room_id), headers=headers)).status == 413
    await ada.send("DELETE", path, headers=TUS)
    assert (await tries(ada, room_id, 3 * KB)).status == 201
    await assert_counted(small)


async def test_a_body_of_unknown_length_counts_in_the_end_as_what_it_was(
    small: Running, arrives: Small
) -> None:
    async def some() -> AsyncIterator[bytes]:
        yield bytes(KB)

    ada, room_id = await arrives("Ada")
    for _ in range(3):
        await uploads(ada, room_id, some())
    assert (await tries(ada, room_id, 3 * KB)).status == 201
    await assert_counted(small)


async def test_deleting_makes_room_again(small: Running, arrives: Small) -> None:
    ada, room_id = await arrives("Ada")
    said = await sends(ada, room_id, await uploads(ada, room_id, bytes(4 * KB)))
    await sends(ada, room_id, await uploads(ada, room_id, bytes(2 * KB)))
    assert (await tries(ada, room_id, KB)).status == 413
    await ada.call("DELETE", f"/api/conversations/{room_id}/messages/{said['id']}")
    assert (await tries(ada, room_id, 4 * KB)).status == 201
    await assert_counted(small)
    other, room = await arrives("Ada, again")
    await begins(other, room, 4 * KB)
    assert (await ada.call("DELETE", f"/api/conversations/{room_id}"))[0] == 200
    assert (await other.call("DELETE", f"/api/conversations/{room}"))[0] == 200
    await no_files_lie_there(small)
    said_, _ = await counted(small)
    assert said_ == (0, 0)


async def test_where_files_take_no_room_none_are_taken(config: Config) -> None:
    async with running(replace(config, max_file=0)) as server:
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await ada.joins_over_rest(room_id)
        refused = await ada.send("POST", f"{files_of(room_id)}?name=a", b"Hello")
        assert (refused.status, refused.json["code"]) == (403, "forbidden")
        assert "takes no files" in refused.json["error"]
        await ada.goes_home()
