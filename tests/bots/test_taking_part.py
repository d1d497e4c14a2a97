"""Bots: made by owners, seen by everybody as what they are, and gone when they are revoked."""

from __future__ import annotations

import pytest

from parley import contract
from tests import lasting
from tests.bots.talk import Talk
from tests.people import Person

pytestmark = lasting.in_one_loop
config, server = lasting.config, lasting.server


async def test_an_owner_makes_a_bot_and_is_told_its_token_once(talk: Talk) -> None:
    program, bot = await talk.bot("Echo", may=["read", "write"])
    assert len(program.token or "") >= 43
    assert bot["may"] == ["read", "write"]
    assert "last_acted_at" not in bot
    _, reply = await talk.ada.call("GET", f"{talk.path}/bots")
    assert reply["bots"] == [bot]
    assert str(program.token) not in str(reply)


async def test_everybody_sees_that_it_is_one(talk: Talk) -> None:
    program, bot = await talk.bot()
    arrived = await talk.ben.hears("user_joined", lambda data: data["username"] == "Echo")
    assert arrived["role"] == "bot"
    assert arrived["participant_count"] == 3
    status, _ = await program.call("POST", f"{talk.path}/messages", {"message": "Hello"})
    assert status == 201
    said = await talk.ben.hears("new_message")
    assert (said["role"], said["username"], said["user_id"]) == ("bot", "Echo", bot["user_id"])
    _, reply = await talk.ben.call("GET", f"{talk.path}/participants")
    [listed] = [each for each in reply["participants"] if each["username"] == "Echo"]
    assert listed["role"] == "bot"


async def test_it_acts_on_a_socket_without_joining(talk: Talk) -> None:
    program, _ = await talk.bot_on_socket()
    said = await program.say(talk.room_id, "Hello", client_id="c-1")
    assert said["ok"], said
    again = await program.say(talk.room_id, "Hello", client_id="c-1")
    assert (again["id"], again["duplicate"]) == (said["id"], True)
    reacted = await program.ask(
        "react", {"room_id": talk.room_id, "id": said["id"], "emoji": "👍", "on": True}
    )
    assert reacted["ok"], reacted
    edited = await program.ask(
        "edit_message", {"room_id": talk.room_id, "id": said["id"], "message": "Hello, all"}
    )
    assert edited["ok"], edited
    typed = await program.ask("typing", {"room_id": talk.room_id, "is_typing": True})
    assert typed["ok"], typed
    assert (await talk.ben.hears("user_typing"))["username"] == "Echo"


async def test_joining_gives_it_the_state_and_keeps_its_name(talk: Talk) -> None:
    program, bot = await talk.bot_on_socket()
    answer = await program.join(talk.room_id, username="Ada the owner")
    assert (answer["role"], answer["username"]) == ("bot", "Echo")
    assert answer["user_id"] == bot["user_id"]
    await talk.ben.say(talk.room_id, "Hi")
    assert (await program.hears("new_message"))["message"] == "Hi"
    assert not [each for each in talk.ben.all_heard("user_joined") if each["username"] != "Echo"]


async def test_it_stays_listed_without_a_socket(talk: Talk) -> None:
    program, _ = await talk.bot_on_socket()
    await program.join(talk.room_id)
    left = await program.ask("leave_room", {"room_id": talk.room_id})
    assert left["ok"], left
    await talk.ben.say(talk.room_id, "Hi")
    await talk.ada.hears("new_message")
    assert not talk.ada.all_heard("user_left")
    _, reply = await talk.ben.call("GET", f"{talk.path}/participants")
    [listed] = [each for each in reply["participants"] if each["username"] == "Echo"]
    assert not listed["online"]


async def test_it_is_in_one_conversation_alone(talk: Talk) -> None:
    program, _ = await talk.bot_on_socket()
    other = await talk.ada.starts("Another")
    status, reply = await program.call("GET", f"/api/conversations/{other}")
    assert (status, reply["code"]) == (403, "forbidden")
    answer = await program.ask("join_room", {"room_id": other})
    assert answer["code"] == "forbidden"


async def test_what_it_may_changes_at_once(talk: Talk) -> None:
    program, bot = await talk.bot_on_socket()
    assert (await program.say(talk.room_id, "One"))["ok"]
    status, reply = await talk.ada.call(
        "PATCH", f"{talk.path}/bots/{bot['user_id']}", {"may": ["read"]}
    )
    assert (status, reply["bot"]["may"]) == (200, ["read"])
    await program.reconnect(auth={"token": program.token})
    refused = await program.say(talk.room_id, "Two")
    assert refused["code"] == "forbidden"
    status, reply = await program.call("POST", f"{talk.path}/messages", {"message": "Two"})
    assert (status, reply["code"]) == (403, "forbidden")
    assert (await program.call("GET", talk.path))[0] == 200


async def test_a_revoked_bot_is_out_at_once(talk: Talk) -> None:
    program, bot = await talk.bot_on_socket()
    await program.join(talk.room_id)
    status, _ = await talk.ada.call("DELETE", f"{talk.path}/bots/{bot['user_id']}")
    assert status == 200
    assert (await talk.ben.hears("user_left"))["username"] == "Echo"
    assert (await program.hears("removed"))["reason"] == "removed"
    status, _ = await program.call("POST", f"{talk.path}/messages", {"message": "Hello"})
    assert status == 403
    _, reply = await talk.ada.call("GET", f"{talk.path}/bots")
    assert reply["bots"] == []
    status, reply = await talk.ada.call(
        "POST", f"{talk.path}/let_back", {"user_id": bot["user_id"]}
    )
    assert (status, reply["code"]) == (400, "bad_request")


async def test_another_may_have_its_name_then(talk: Talk) -> None:
    program, bot = await talk.bot()
    await program.call("POST", f"{talk.path}/messages", {"message": "Hello"})
    await talk.ada.call("DELETE", f"{talk.path}/bots/{bot['user_id']}")
    _, again = await talk.bot()
    assert again["user_id"] != bot["user_id"]
    _, reply = await talk.ben.call("GET", f"{talk.path}/participants")
    [listed] = [each for each in reply["participants"] if each["username"] == "Echo"]
    assert "alike" not in listed


async def test_another_token_ends_the_one_before(talk: Talk) -> None:
    program, bot = await talk.bot()
    before = program.token
    status, reply = await talk.ada.call("POST", f"{talk.path}/bots/{bot['user_id']}/token", {})
    assert status == 200
    assert (await program.call("POST", f"{talk.path}/messages", {"message": "Hello"}))[0] == 403
    program.token = reply["token"]
    assert program.token != before
    assert (await program.call("POST", f"{talk.path}/messages", {"message": "Hello"}))[0] == 201


async def test_owners_see_when_it_last_did_something(talk: Talk) -> None:
    program, _ = await talk.bot()
    await program.call("POST", f"{talk.path}/messages", {"message": "Hello"})
    _, reply = await talk.ada.call("GET", f"{talk.path}/bots")
    assert "last_acted_at" in reply["bots"][0]


async def test_what_owners_did_with_bots_is_in_their_list(talk: Talk) -> None:
    _, bot = await talk.bot()
    await talk.ada.call("PATCH", f"{talk.path}/bots/{bot['user_id']}", {"may": ["read"]})
    await talk.ada.call("POST", f"{talk.path}/bots/{bot['user_id']}/token", {})
    await talk.ada.call("DELETE", f"{talk.path}/bots/{bot['user_id']}")
    _, reply = await talk.ada.call("GET", f"{talk.path}/acts")
    told = [(each["act"], each["about"]) for each in reply["acts"]]
    assert told == [
        ("revoked_bot", "Echo"),
        ("renewed_bot", "Echo"),
        ("changed_bot", "Echo"),
        ("made_bot", "Echo"),
    ]


@pytest.mark.parametrize("name", ["", " ", "\u200b", "x" * 65])
async def test_a_bot_needs_a_name_that_can_be_seen(talk: Talk, name: str) -> None:
    status, reply = await talk.ada.call("POST", f"{talk.path}/bots", {"name": name})
    assert status in (400, 413), reply


async def test_it_may_something(talk: Talk) -> None:
    status, _ = await talk.ada.call("POST", f"{talk.path}/bots", {"name": "Echo", "may": []})
    assert status == 400


async def test_there_are_only_so_many(talk: Talk) -> None:
    for number in range(contract.BOTS_MAX):
        await talk.bot(f"Bot {number}")
    status, reply = await talk.ada.call("POST", f"{talk.path}/bots", {"name": "One more"})
    assert (status, reply["code"]) == (400, "bad_request")


async def test_an_encrypted_conversation_has_none(talk: Talk) -> None:
    room_id = await talk.ada.starts("", encrypted=True, read_proof_hash="A" * 43)
    status, reply = await talk.ada.call(
        "POST", f"/api/conversations/{room_id}/bots", {"name": "Echo"}
    )
    assert (status, reply["code"]) == (409, "encrypted")


async def test_nobody_makes_an_owner_of_it(talk: Talk) -> None:
    _, bot = await talk.bot()
    for path, body in (
        ("role", {"user_id": bot["user_id"], "role": "owner"}),
        ("founder", {"user_id": bot["user_id"]}),
        ("remove", {"user_id": bot["user_id"]}),
    ):
        status, reply = await talk.ada.call("POST", f"{talk.path}/{path}", body)
        assert (status, reply["code"]) == (400, "bad_request"), path


async def test_nobody_takes_it_up_by_its_id(talk: Talk) -> None:
    _, bot = await talk.bot()
    mallory = Person("Mallory", talk.url)
    talk.others.append(mallory)
    status, reply = await mallory.call(
        "POST", f"{talk.path}/join", {"user_id": bot["user_id"], "username": "Echo"}
    )
    assert (status, reply["code"]) == (409, "identity_taken")


async def test_it_sends_files_and_reads_them_where_it_may(talk: Talk) -> None:
    program, _ = await talk.bot("Echo", may=["write"])
    sent = await program.send("POST", f"{talk.path}/files?name=a.txt", b"words")
    assert sent.status == 201, sent.body
    file = sent.json["file"]
    body = {"message": "", "attachments": [file["id"]]}
    assert (await program.call("POST", f"{talk.path}/messages", body))[0] == 201
    assert (await talk.ben.send("GET", file["url"])).body == b"words"
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
    begun = await program.send("POST", f"{talk.path}/uploads", headers=tus)
    assert begun.status == 201
    assert (await program.send("GET", file["url"])).status == 403
    reader, _ = await talk.bot("Reader", may=["read"])
    assert (await reader.send("GET", file["url"])).body == b"words"
    assert (await reader.send("POST", f"{talk.path}/uploads", headers=tus)).status == 403
    assert (await reader.send("POST", f"{talk.path}/files?name=a.txt", b"words")).status == 403
