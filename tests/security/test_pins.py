"""What owners pin: who sees it, how much of it there may be, and until when."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3

import pytest

from parley import contract
from parley.config import Config
from parley.storage.folder import NAME
from tests import lasting
from tests.people import Person
from tests.security.conftest import Open
from tests.security.room import People, done, refused, room_of

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person


async def pins(who: Person, path: str) -> list[str]:
    return [each["message"] for each in (await done(who, "GET", f"{path}/pins"))["messages"]]


async def test_what_an_owner_pins_everybody_is_told_and_finds(person: People) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id, path = await room_of(ada)
    await ben.join(room_id)
    said = [await ben.say(room_id, text) for text in ("Four o'clock", "Bring cake", "Or not")]
    for each in said[:2]:
        ack = await ada.ask("pin_message", {"room_id": room_id, "id": each["id"], "on": True})
        assert ack["ok"], ack
    changed = await ben.hears("message_changed", lambda each: each["id"] == said[1]["id"])
    assert (changed["pinned"], changed["changed_seq"]) == (True, 5)
    assert await pins(cleo, path) == ["Bring cake", "Four o'clock"]
    missed = await ben.ask("sync", {"room_id": room_id, "since": 3})
    assert [each["pinned"] for each in missed["messages"]] == [True, True]
    # Once more changes nothing.
    again = await done(ada, "PUT", f"{path}/messages/{said[1]['id']}/pin")
    assert again["message"]["changed_seq"] == 5
    reply = await done(ada, "DELETE", f"{path}/messages/{said[0]['id']}/pin")
    assert "pinned" not in reply["message"]
    assert await pins(ben, path) == ["Bring cake"]
    acts = (await done(ada, "GET", f"{path}/acts"))["acts"]
    assert [(each["act"], each["about"]) for each in acts] == [
        ("unpinned_message", "Ben"),
        ("pinned_message", "Ben"),
        ("pinned_message", "Ben"),
    ]


async def test_what_is_deleted_or_over_is_not_pinned(person: People) -> None:
    ada = person("Ada")
    room_id, path = await room_of(ada)
    said = await ada.say(room_id, "Four o'clock")
    where = f"{path}/messages/{said['id']}"
    await done(ada, "PUT", f"{where}/pin")
    await done(ada, "PATCH", where, {"message": "Five o'clock"})
    assert await pins(ada, path) == ["Five o'clock"]
    await done(ada, "DELETE", where)
    assert await pins(ada, path) == []
    assert await refused(ada, "PUT", f"{where}/pin") == "not_found"
    last = await ada.say(room_id, "Bye")
    await done(ada, "PUT", f"{path}/messages/{last['id']}/pin")
    await done(ada, "POST", f"{path}/end")
    assert await refused(ada, "DELETE", f"{path}/messages/{last['id']}/pin") == "conversation_ended"
    assert await pins(ada, path) == ["Bye"]


async def test_so_many_can_be_pinned_and_no_more(opened: Open) -> None:
    async with opened(limit_messages="", limit_acts="") as house:
        ada = house.guest("Ada")
        room_id = await ada.starts()
        await ada.join(room_id, token=ada.token)
        path = f"/api/conversations/{room_id}"
        said = [await ada.say(room_id, f"{each}") for each in range(contract.PINS_MAX + 1)]
        asked = [{"room_id": room_id, "id": each["id"], "on": True} for each in said]
        acks = await asyncio.gather(*(ada.ask("pin_message", each) for each in asked))
        [refusal] = [ack for ack in acks if not ack["ok"]]
        assert refusal["code"] == "bad_request"
        assert refusal["error"] == "50 messages are pinned, which is the most. Unpin one first."
        await done(ada, "DELETE", f"{path}/messages/{said[0]['id']}/pin")
        assert len(await pins(ada, path)) == contract.PINS_MAX - 1
        assert (await ada.ask("pin_message", asked[-1]))["ok"]


@pytest.mark.sqlite("It asks for its plan.")
async def test_pins_are_not_looked_for_among_all_messages(config: Config) -> None:
    """They are read for every page."""
    with contextlib.closing(sqlite3.connect(config.data / NAME)) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM messages WHERE conversation_id = 1"
            " AND pinned_at IS NOT NULL ORDER BY pinned_at DESC, seq DESC LIMIT 50"
        ).fetchall()
    assert "ix_messages_pinned" in str(plan), plan


async def test_long_pins_come_page_by_page(person: People) -> None:
    ada = person("Ada")
    _room_id, path = await room_of(ada)
    for number in range(10):
        said = await done(ada, "POST", f"{path}/messages", {"message": f"{number}" * 8_000})
        await done(ada, "PUT", f"{path}/messages/{said['id']}/pin")
    found: list[str] = []
    pages = 0
    while True:
        page = await done(ada, "GET", f"{path}/pins?skip={len(found)}")
        found += [each["message"][0] for each in page["messages"]]
        pages += 1
        assert sum(len(each["message"]) for each in page["messages"]) <= contract.STATE_MAX_CHARS
        if not page.get("has_more"):
            break
    assert (found, pages) == (list("9876543210"), 2)
