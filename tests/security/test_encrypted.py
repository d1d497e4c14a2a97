"""An encrypted conversation: without its key nobody gets anything, and nobody tells the server."""

from __future__ import annotations

import pytest
import pytest_asyncio

from parley import contract
from tests import lasting
from tests.cases import together
from tests.encryption.talk import Talker, encrypted, new_epoch, read_proof
from tests.media.drawn import exif, flag, saved
from tests.media.recorded import webm
from tests.people import Json, Person
from tests.security.conftest import Open
from tests.security.room import People, done, refused
from tests.security.test_rights import CALLS, EVENTS
from tests.uploading import adds, begins, files_of, uploads

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

NEEDED = "read_proof_required"
PLAIN: dict[str, tuple[str, str, Json]] = {
    "a message": ("POST", "messages", {"message": "Hello"}),
    "one said to be encrypted": ("POST", "messages", {"message": "Hello", "type": "text"}),
    "a title": ("PATCH", "", {"title": "Secrets"}),
    "a description": ("PATCH", "", {"description": "About secrets"}),
    "a passphrase": ("PATCH", "", {"passphrase": "sesame"}),
    "knocking": ("PATCH", "", {"knock": True}),
    "its title elsewhere": ("PATCH", "", {"preview_title": True}),
    "a search": ("GET", "search?q=hello", {}),
    "an export": ("GET", "export?format=json", {}),
    "a link": ("POST", "links", {"role": "member"}),
}


async def place(person: People) -> tuple[Talker, Json]:
    """Ada's conversation, and what is in it."""
    ada, epoch = person("Ada"), new_epoch()
    room_id = await ada.starts(title="", **encrypted(epoch))
    talker = await Talker.joins(ada, epoch, room_id)
    sent = await talker.says("Hello", "a-1")
    path = f"/api/conversations/{room_id}"
    ids = {
        "room_id": room_id,
        "path": path,
        "message_id": sent["id"],
        "link_id": 1,
        "code": "none",
        "knock_id": "none",
        "bot_id": "none",
        "other_link": {"link": {"id": 1}},
    }
    return talker, ids


@pytest_asyncio.fixture(loop_scope="module")
async def here(person: People) -> tuple[Talker, Json]:
    return await place(person)


def about_it(name: str) -> bool:
    return "{path}" in CALLS[name][0]


async def test_no_call_gives_a_stranger_anything(person: People, subtests: pytest.Subtests) -> None:
    (_, ids), mallory = await place(person), person("Mallory")
    for name in sorted(name for name in CALLS if about_it(name)):
        with subtests.test(name):
            await gives_a_stranger_nothing(name, ids, mallory)


async def gives_a_stranger_nothing(name: str, ids: Json, mallory: Person) -> None:
    path, body, _ = CALLS[name]
    call = contract.CALLS[name]
    _, reply = await mallory.call(call.method, path.format(**ids), body)
    if name == "knock_state":
        assert reply == {"success": True, "state": "none", "locked": False}
    elif name == "enter":
        assert reply["code"] == "bad_request"  # the table's body has a passphrase
    else:
        assert reply["code"] == NEEDED, reply


async def test_no_event_gives_a_stranger_anything(
    person: People, subtests: pytest.Subtests
) -> None:
    (_, ids), mallory = await place(person), person("Mallory")
    await mallory.connect()
    for name in sorted(set(EVENTS) - {"follow_mine"}):
        with subtests.test(name):
            await tells_a_stranger_nothing(name, ids, mallory)


async def tells_a_stranger_nothing(name: str, ids: Json, mallory: Person) -> None:
    fields, _ = EVENTS[name]
    data = {
        key: value.format(**ids) if isinstance(value, str) else value
        for key, value in fields.items()
    }
    ack = await mallory.ask(name, {"room_id": ids["room_id"], **data})
    assert ack["code"] == NEEDED, ack
    assert not mallory.heard


async def test_naming_who_is_in_it_does_not_replace_the_key(person: People) -> None:
    ada, ids = await place(person)
    ben = person("Ben")
    epoch = ada.epoch
    await ben.joins_over_rest(ids["room_id"], user_id="ben-1", read_proof=read_proof(epoch))
    mallory = person("Mallory")
    body = {"user_id": "ben-1", "username": "Ben"}
    assert await refused(mallory, "POST", f"{ids['path']}/join", body) == NEEDED
    await mallory.connect()
    for event in ("join_room", "send_message", "typing"):
        data = {"room_id": ids["room_id"], "message": "x", "is_typing": True, **body}
        assert (await mallory.ask(event, data))["code"] == NEEDED, event


async def test_who_has_the_key_comes_in_by_every_way(person: People) -> None:
    ada, ids = await place(person)
    proof = {"read_proof": read_proof(ada.epoch)}
    ben = person("Ben")
    entered = await done(ben, "POST", f"{ids['path']}/enter", proof)
    ben.token = entered["token"]
    assert entered["role"] == "member"
    found = await done(ben, "GET", f"{ids['path']}/messages")
    assert ada.reads(found["messages"][0]) == "Hello"
    cleo = person("Cleo")
    await cleo.joins_over_rest(ids["room_id"], **proof)
    await done(cleo, "GET", f"{ids['path']}/messages")
    dan = person("Dan")
    await dan.join(ids["room_id"], **proof)
    state = await dan.hears("conversation_state")
    assert ada.reads(state["conversation"]["messages"][0]) == "Hello"


@together("wrong", ["another key's", "the hash", "nothing"])
async def test_another_proof_opens_nothing(
    person: People, here: tuple[Talker, Json], wrong: str
) -> None:
    ada, ids = here
    shown = {
        "another key's": read_proof(new_epoch()),
        "the hash": str(encrypted(ada.epoch)["read_proof_hash"]),
        "nothing": "A" * 43,
    }[wrong]
    mallory = person("Mallory")
    proof = {"read_proof": shown}
    for path in ("enter", "join"):
        assert await refused(mallory, "POST", f"{ids['path']}/{path}", proof) == "read_proof_wrong"
    await mallory.connect()
    ack = await mallory.ask("join_room", {"room_id": ids["room_id"], **proof})
    assert ack["code"] == "read_proof_wrong"
    assert await refused(mallory, "GET", f"{ids['path']}/messages") == NEEDED


@together("shape", ["", "short", "A" * 42, "A" * 42 + "B", "A" * 42 + "="])
async def test_what_is_no_proof_is_told(
    person: People, here: tuple[Talker, Json], shape: str
) -> None:
    _, ids = here
    code = await refused(person("Mallory"), "POST", f"{ids['path']}/enter", {"read_proof": shape})
    assert code == "bad_request"


async def test_wrong_proofs_are_counted(opened: Open) -> None:
    async with opened(limit_passphrases="3/1m address") as house:
        ada, epoch = house.guest("Ada"), new_epoch()
        room_id = await ada.starts(title="", **encrypted(epoch))
        mallory, path = house.guest("Mallory"), f"/api/conversations/{room_id}/enter"
        wrong = {"read_proof": read_proof(new_epoch())}
        codes = [await refused(mallory, "POST", path, wrong) for _ in range(4)]
        assert codes == ["read_proof_wrong"] * 3 + ["rate_limited"]


async def test_who_was_removed_is_not_let_in_by_the_key(person: People) -> None:
    ada, ids = await place(person)
    ben, proof = person("Ben"), {"read_proof": read_proof(ada.epoch)}
    await ben.joins_over_rest(ids["room_id"], user_id="ben-1", **proof)
    await done(ada.who, "POST", f"{ids['path']}/remove", {"user_id": "ben-1"})
    for path in ("enter", "join"):
        code = await refused(ben, "POST", f"{ids['path']}/{path}", proof)
        assert code == "conversation_not_found"


async def test_where_it_is_locked_the_key_lets_nobody_in(person: People) -> None:
    ada, ids = await place(person)
    await done(ada.who, "PATCH", ids["path"], {"locked": True})
    proof = {"read_proof": read_proof(ada.epoch)}
    for path in ("enter", "join"):
        assert await refused(person("Ben"), "POST", f"{ids['path']}/{path}", proof) == "locked"


@together("what", sorted(PLAIN))
async def test_nothing_is_told_to_the_server_in_the_clear(
    here: tuple[Talker, Json], what: str
) -> None:
    ada, ids = here
    method, path, body = PLAIN[what]
    whole = f"{ids['path']}/{path}".rstrip("/")
    assert await refused(ada.who, method, whole, body or None) == "encrypted"


async def test_no_reaction_is_told_in_the_clear(person: People) -> None:
    ada, ids = await place(person)
    data = {"room_id": ids["room_id"], "id": ids["message_id"], "emoji": "👍", "on": True}
    assert (await ada.who.ask("react", data))["code"] == "encrypted"
    path = f"{ids['path']}/messages/{ids['message_id']}/reactions/%F0%9F%91%8D"
    assert await refused(ada.who, "PUT", path) == "encrypted"


@together(
    ("change", "code"),
    [
        ({"type": "text"}, "encrypted"),
        ({"type": None}, "encrypted"),
        ({"client_id": None}, "bad_request"),
        ({"client_id": ""}, "bad_request"),
        ({"message": "Hello"}, "bad_request"),
        ({"message": "A" * 579}, "bad_request"),
        ({"message": "A" * 65_774}, "bad_request"),
        ({"message": "A" * 65_775}, "too_large"),
        ({"reply_to": "1-x"}, "encrypted"),
        ({"mentions": ["ada-1"]}, "encrypted"),
    ],
)
async def test_what_is_no_envelope_is_refused(
    here: tuple[Talker, Json], change: Json, code: str
) -> None:
    ada, ids = here
    sealed = ada.sealed("Hello", "a-2")
    assert (await ada.who.ask("send_message", {"room_id": ids["room_id"], **sealed, **change}))[
        "code"
    ] == code
    assert await refused(ada.who, "POST", f"{ids['path']}/messages", {**sealed, **change}) == code


async def test_it_begins_with_a_hash_and_without_words(person: People) -> None:
    ada, epoch = person("Ada"), new_epoch()
    right, before = encrypted(epoch), await listed(ada)
    for body, code in (
        ({"encrypted": True}, "bad_request"),
        ({"read_proof_hash": right["read_proof_hash"]}, "bad_request"),
        ({"encrypted": True, "read_proof_hash": "short"}, "bad_request"),
        ({**right, "title": "Secrets"}, "encrypted"),
        ({**right, "description": "About"}, "encrypted"),
        ({**right, "visibility": "listed"}, "encrypted"),
    ):
        assert await refused(ada, "POST", "/api/conversations/create", body) == code, body
    assert await listed(ada) == before


async def listed(who: Person) -> list[str]:
    """The ids of all conversations that everybody is shown."""
    found = (await done(who, "GET", "/api/conversations"))["conversations"]
    return [each["room_id"] for each in found]


async def test_what_is_long_and_not_encrypted_is_refused_as_before(person: People) -> None:
    ada = person("Ada")
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    path = f"/api/conversations/{room_id}/messages"
    long = "x" * (contract.MESSAGE_MAX_CHARS + 1)
    for more in ({}, {"type": "encrypted"}):
        assert await refused(ada, "POST", path, {"message": long, **more}) == "too_large"
    sent = await ada.say(room_id, "Hello")
    body = {"room_id": room_id, "id": sent["id"], "message": long}
    assert (await ada.ask("edit_message", body))["code"] == "too_large"


async def test_search_over_all_leaves_it_out(person: People) -> None:
    ada, _ = await place(person)
    assert (await done(ada.who, "GET", "/api/search?q=A"))["results"] == []


async def test_it_stands_in_ones_own_list_without_a_word(person: People) -> None:
    ada, ids = await place(person)
    [row] = (await done(ada.who, "GET", "/api/mine"))["conversations"]
    assert row["room_id"] == ids["room_id"]
    assert row["last_message"]["excerpt"] == ""


async def test_a_message_may_name_as_many_small_pictures_as_large_ones(person: People) -> None:
    ada, ids = await place(person)
    found = [(await uploads(ada.who, ids["room_id"], b"x", "a"))["id"] for _ in range(21)]
    path = f"{ids['path']}/messages"
    for count, expected in ((21, 400), (20, 201)):
        body = {**ada.sealed("", f"a-{count}"), "attachments": found[:count]}
        status, reply = await ada.who.call("POST", path, body)
        assert status == expected, reply
    last = (await done(ada.who, "GET", path))["messages"][-1]
    assert [file["id"] for file in last["attachments"]] == found[:20]


async def test_its_files_are_taken_as_they_are_and_under_no_name(person: People) -> None:
    ada, ids = await place(person)
    room_id = ids["room_id"]
    told = []
    for name, content in (
        ("holiday.jpg", saved(flag((1200, 600)), "JPEG", exif=exif())),
        ("walk.webm", webm(5, size=(640, 480))),
        ("broken.png", b"\x89PNG\r\n\x1a\n" + bytes(100)),
    ):
        file = await uploads(ada.who, room_id, content, name)
        expected = {"name": "file", "type": "application/octet-stream", "size": len(content)}
        assert file == {**file, **expected}
        assert file["url"].endswith(f"/files/{file['id']}/file")
        assert file.keys() == {"id", "name", "type", "size", "url"}
        assert (await ada.who.send("GET", file["url"])).body == content
        told.append(file)
    still = await ada.who.send("PUT", f"{files_of(room_id)}/{told[1]['id']}/still", b"x")
    assert still.status == 400
    upload = await begins(ada.who, room_id, 5, "holiday.txt")
    assert (await adds(ada.who, upload, b"Hello", 0)).status == 204
    attached = [file["id"] for file in told] + [upload.rpartition("/")[2]]
    body = {**ada.sealed("", "a-2"), "attachments": attached}
    sent = await done(ada.who, "POST", f"{ids['path']}/messages", body)
    found = (await done(ada.who, "GET", f"{ids['path']}/messages"))["messages"][-1]
    assert found["id"] == sent["id"]
    assert {file["name"] for file in found["attachments"]} == {"file"}
    assert {file["type"] for file in found["attachments"]} == {"application/octet-stream"}
    mallory = person("Mallory")
    await mallory.starts()
    assert (await mallory.send("GET", told[0]["url"])).status == 404
