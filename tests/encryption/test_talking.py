"""People talk through a server that cannot read them, nor change unnoticed what they said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from parley.client.encryption import Chain, Kind, Unreadable, digest
from parley.client.encryption.octets import from_base64url
from parley.config import Config
from tests import lasting
from tests.encryption.talk import Talker, encrypted, new_epoch
from tests.people import Json, Person
from tests.security.room import done

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

People = Callable[..., Person]
CANARY = "Kanarienvogel"


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def two(person: People) -> tuple[Talker, Talker]:
    ada, ben, epoch = person("Ada"), person("Ben"), new_epoch()
    room_id = await ada.starts(title="", **encrypted(epoch))
    return await Talker.joins(ada, epoch, room_id), await Talker.joins(ben, epoch, room_id)


async def log_of(talker: Talker) -> list[Json]:
    path = f"/api/conversations/{talker.room_id}/messages"
    messages: list[Json] = (await done(talker.who, "GET", path))["messages"]
    return messages


async def test_what_one_says_the_other_reads_live_and_later(person: People) -> None:
    ada, ben = await two(person)
    await ada.says("Hello, Ben", "a-1")
    live = await ben.who.hears("new_message")
    assert live["type"] == "encrypted"
    assert ben.reads(live) == "Hello, Ben"
    await ben.says("Hello, Ada", "b-1", target=ben.opens(live).digest)
    messages = await log_of(ada)
    assert [ada.reads(each) for each in messages] == ["Hello, Ben", "Hello, Ada"]
    assert ada.opens(messages[1]).target == ada.opens(messages[0]).digest


async def test_it_says_of_itself_that_it_is_encrypted(person: People) -> None:
    ada, _ = await two(person)
    found = (await done(ada.who, "GET", f"/api/conversations/{ada.room_id}"))["conversation"]
    assert found["encrypted"] is True
    assert found["visibility"] == "unlisted"
    plain = person("Zoe")
    room_id = await plain.starts()
    told = (await done(plain, "GET", f"/api/conversations/{room_id}"))["conversation"]
    assert "encrypted" not in told


async def test_the_longest_message_arrives(person: People) -> None:
    ada, ben = await two(person)
    text = "🙂" * 8_000
    await ada.says(text, "a-1")
    assert ben.reads(await ben.who.hears("new_message")) == text


async def test_what_is_said_again_is_stored_once(person: People) -> None:
    ada, _ = await two(person)
    sealed = {"room_id": ada.room_id, **ada.sealed("Hello", "a-1")}
    first = await ada.who.ask("send_message", sealed)
    again = await ada.who.ask("send_message", sealed)
    assert (again["id"], again["duplicate"]) == (first["id"], True)
    assert len(await log_of(ada)) == 1


async def test_an_edit_is_bound_to_what_it_replaces(person: People) -> None:
    ada, ben = await two(person)
    first = await ada.says("Helo", "a-1")
    other = await ada.says("Another", "a-2")
    original, second = await log_of(ada)
    edited = ada.sealed("Hello", "a-1", kind=Kind.EDIT, target=ada.opens(original).digest)
    wrong = {"room_id": ada.room_id, "id": other["id"], "message": edited["message"]}
    assert (await ada.who.ask("edit_message", wrong))["code"] == "bad_request"
    right = {**wrong, "id": first["id"]}
    assert (await ada.who.ask("edit_message", right))["ok"]
    changed = await ben.who.hears("message_changed")
    assert ben.reads(changed) == "Hello"
    assert ben.opens(changed).target == ada.opens(original).digest
    # And once more: it still names what was first said.
    again = ada.sealed("Hello!", "a-1", kind=Kind.EDIT, target=ada.opens(original).digest)
    assert (await ada.who.ask("edit_message", {**right, "message": again["message"]}))["ok"]
    faults, _ = ben.check(await log_of(ben))
    assert not faults
    assert second["seq"] == other["seq"]


async def test_a_plain_edit_is_refused(person: People) -> None:
    ada, _ = await two(person)
    sent = await ada.says("Hello", "a-1")
    for text in ("Hello in the clear", ada.sealed("Hello", "a-1")["message"]):
        body = {"room_id": ada.room_id, "id": sent["id"], "message": text}
        assert (await ada.who.ask("edit_message", body))["code"] == "bad_request"


async def test_the_log_is_whole_over_edits_and_deletions(person: People) -> None:
    ada, ben = await two(person)
    for number in range(4):
        talker = (ada, ben)[number % 2]
        _, claim = talker.check(await log_of(talker))
        sent = await talker.says(f"Number {number}", f"c-{number}", claim=claim)
    first, _, third, _ = await log_of(ada)
    edited = ada.sealed("Changed", "c-0", kind=Kind.EDIT, target=ada.opens(first).digest)
    body = {"room_id": ada.room_id, "id": first["id"], "message": edited["message"]}
    assert (await ada.who.ask("edit_message", body))["ok"]
    gone = {"room_id": ada.room_id, "id": third["id"]}
    assert (await ada.who.ask("delete_message", gone))["ok"]
    _, claim = ben.check(await log_of(ben))
    await ben.says("Last", "c-9", claim=claim)
    messages = await log_of(ada)
    faults, now = ada.check(messages)
    assert not faults
    assert now.seq > sent["seq"]
    left = next(each for each in messages if each.get("deleted"))
    assert from_base64url(left["message"]) == digest(from_base64url(third["message"]))


async def test_a_server_that_leaves_out_a_message_is_noticed(person: People) -> None:
    ada, ben = await two(person)
    for number in range(6):
        talker = (ada, ben)[number % 2]
        _, claim = talker.check(await log_of(talker))
        await talker.says(f"Number {number}", f"c-{number}", claim=claim)
    messages = await log_of(ada)
    assert not ada.check(messages)[0]
    for left_out in range(5):
        shown = messages[:left_out] + messages[left_out + 1 :]
        faults, _ = ada.check(shown)
        assert faults, left_out
        assert faults[0].what == "disagrees"
        if left_out:  # somebody who has not seen the beginning notices it too
            newcomer = Chain(from_beginning=False)
            assert newcomer.take_all(ada.link(each) for each in shown)


async def test_a_server_that_says_another_wrote_it_is_noticed(person: People) -> None:
    ada, ben = await two(person)
    await ada.says("I owe you a beer", "a-1")
    [message] = await log_of(ben)
    for lie in ({"user_id": ben.user_id}, {"client_id": "a-2"}):
        with pytest.raises(Unreadable) as refused:
            ben.opens({**message, **lie})
        assert refused.value.reason == "not_authentic"


@pytest.mark.sqlite("looks into the file")
async def test_nothing_that_was_said_stands_in_the_database(person: People, config: Config) -> None:
    ada, ben = await two(person)
    await ada.says(CANARY, "a-1")
    assert ben.reads(await ben.who.hears("new_message")) == CANARY
    files = await asyncio.to_thread(files_in, Path(config.data))
    assert files
    sent = json.dumps([data for _, data in ben.who.heard])
    key = ada.epoch.key
    for path in files:
        octets = path.read_bytes()
        assert CANARY.encode() not in octets, path
        assert key not in octets, path
    assert CANARY not in sent
    stored = b"".join(path.read_bytes() for path in files)
    assert (await log_of(ada))[0]["message"].encode() in stored
