"""Who may upload by tus, and who may read a file: as one table says, for everybody."""

from __future__ import annotations

import asyncio

import pytest

from tests import lasting
from tests.people import Person
from tests.security.room import STANDINGS, People, Place, done, place
from tests.uploading import TUS, adds, asks, begins, files_of, sends, uploads, uploads_of

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

Row = tuple[int, int, int, int, int, int, int]
"""A stranger, who may only read, a member, an owner, who was removed; a member after the end, and
where only owners post."""
TO_UPLOAD: Row = (401, 403, 201, 201, 404, 410, 403)
TO_READ: Row = (404, 200, 200, 200, 404, 200, 200)
OWN_ONLY: Row = (404, 404, 404, 200, 404, 404, 404)


async def everybody(person: People, row: Row) -> list[tuple[Person, Place, str, int]]:
    """In an order in which each can try: the conversation ends last."""
    here = await place(person)
    tries = [
        (here.people[standing], here, standing, expected)
        for standing, expected in zip(STANDINGS, row, strict=False)
    ]
    tries.append((here.people["member"], here, "read-only", row[-1]))
    tries.append((here.people["member"], here, "ended", row[-2]))
    return tries


async def close(here: Place, standing: str) -> None:
    if standing == "ended":
        await done(here.owner, "PATCH", here.ids["path"], {"read_only": False})
        await done(here.owner, "POST", f"{here.ids['path']}/end")
    if standing == "read-only":
        await done(here.owner, "PATCH", here.ids["path"], {"read_only": True})


async def test_whoever_may_post_may_begin_an_upload(person: People) -> None:
    for who, here, standing, expected in await everybody(person, TO_UPLOAD):
        await close(here, standing)
        headers = {**TUS, "Upload-Length": "5"}
        answer = await who.send("POST", uploads_of(here.room_id), headers=headers)
        assert answer.status == expected, (standing, answer)


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
async def test_an_upload_is_nobody_elses(person: People, method: str) -> None:
    row: Row = (404, 404, 404, 404, 404, 404, 404)
    for who, here, standing, _ in await everybody(person, row):
        if standing == "owner":
            continue
        path = await begins(here.owner, here.room_id, 5)
        await close(here, standing)
        answer = (
            await adds(who, path, b"Hello", 0)
            if method == "PATCH"
            else await who.send(method, path, headers=TUS)
        )
        assert answer.status == (401 if standing == "stranger" else 404), (standing, answer)
        assert await asks(here.owner, path) == 0


@pytest.mark.parametrize("how", ["end", "read_only", "remove"])
async def test_nothing_is_added_once_its_owner_may_not_post(person: People, how: str) -> None:
    here = await place(person)
    mo = here.people["member"]
    path = await begins(mo, here.room_id, 10)
    assert (await adds(mo, path, b"Hello", 0)).status == 204
    if how == "remove":
        await done(here.owner, "POST", f"{here.ids['path']}/remove", {"user_id": "member-1"})
    else:
        await close(here, {"end": "ended", "read_only": "read-only"}[how])
    answer = await adds(mo, path, b"World", 5)
    expected = {"end": "conversation_ended", "read_only": "read_only"}
    assert answer.json["code"] == expected.get(how, "conversation_not_found")


async def test_a_sent_file_is_for_whoever_may_read_the_conversation(person: People) -> None:
    for who, here, standing, expected in await everybody(person, TO_READ):
        file = await uploads(here.owner, here.room_id)
        await sends(here.owner, here.room_id, file)
        await close(here, standing)
        for method in ("GET", "HEAD"):
            answer = await who.send(method, file["url"])
            assert answer.status == expected, (standing, answer)
        if expected == 200:
            assert (await who.send("GET", file["url"])).body == b"Hello"


async def test_a_file_that_is_not_sent_yet_is_for_whoever_uploaded_it(person: People) -> None:
    for who, here, standing, expected in await everybody(person, OWN_ONLY):
        file = await uploads(here.owner, here.room_id)
        await close(here, standing)
        answer = await who.send("GET", file["url"])
        assert answer.status == expected, (standing, answer)


async def test_a_file_that_may_not_be_read_looks_like_one_that_never_was(person: People) -> None:
    here = await place(person)
    file = await uploads(here.owner, here.room_id)
    await sends(here.owner, here.room_id, file)
    never = file["url"].replace(file["id"], "0" * len(file["id"]))
    for standing in ("stranger", "removed"):
        who = here.people[standing]
        hidden, missing = await who.send("GET", file["url"]), await who.send("GET", never)
        assert (hidden.status, hidden.body) == (missing.status, missing.body)
        own = {"date": "", "x-request-id": ""}
        assert {**hidden.headers, **own} == {**missing.headers, **own}


async def test_of_two_messages_said_at_once_one_can_name_a_file(person: People) -> None:
    here = await place(person)
    file = await uploads(here.owner, here.room_id)
    body = {"message": "Hi", "attachments": [file["id"]]}
    path = f"{here.ids['path']}/messages"
    answers = await asyncio.gather(*(here.owner.call("POST", path, body) for _ in range(4)))
    assert sorted(status for status, _ in answers) == [201, 404, 404, 404]
    _, page = await here.owner.call("GET", files_of(here.room_id))
    assert [each["file"]["id"] for each in page["files"]] == [file["id"]]


async def test_only_own_files_of_this_conversation_can_be_sent_and_once(person: People) -> None:
    here, other = await place(person), await place(person)
    path = f"{here.ids['path']}/messages"
    others = await uploads(here.people["member"], here.room_id)
    elsewhere = await uploads(other.owner, other.room_id)
    sent = await uploads(here.owner, here.room_id)
    await sends(here.owner, here.room_id, sent)
    unsent = await uploads(here.owner, here.room_id)
    for id in (others["id"], elsewhere["id"], sent["id"], "0" * 32, "", "../x"):
        body = {"message": "Hi", "attachments": [unsent["id"], id]}
        status, reply = await here.owner.call("POST", path, body)
        assert (status, reply["code"]) == (404, "not_found"), id
    status, reply = await here.owner.call(
        "POST", path, {"message": "", "attachments": [unsent["id"]] * 2}
    )
    assert status == 201, reply
    _, page = await here.owner.call("GET", files_of(here.room_id))
    assert [each["file"]["id"] for each in page["files"]] == [unsent["id"], sent["id"]]
