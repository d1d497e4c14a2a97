"""A socket may hold several sessions: where it sits, the one it sat down with counts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from parley import contract
from parley.domain import conversations
from tests import lasting
from tests.people import PATIENCE_S, Json, Person
from tests.security.conftest import Open
from tests.security.room import People, done, refused, room_of
from tests.security.test_owners import PASSPHRASE
from tests.servers import Running

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person


async def code_of(owner: Person, path: str, role: str) -> tuple[str, int]:
    made = await done(owner, "POST", f"{path}/links", {"role": role})
    return made["url"].rsplit("/", 1)[1], made["link"]["id"]


async def comes_by_link(who: Person, code: str) -> str:
    who.token = (await done(who, "POST", f"/api/links/{code}"))["token"]
    assert who.token is not None
    return who.token


async def takes_another_session(who: Person) -> Json:
    """Join some conversation of their own on the same socket, as somebody else."""
    _, reply = await who.call(
        "POST", "/api/conversations/create", {}, headers={"Authorization": ""}
    )
    return await who.ask("join_room", {"room_id": reply["room_id"], "token": reply["token"]})


async def hears_nothing_of(who: Person, owner: Person, room_id: str, text: str) -> None:
    """Whoever is told nothing hears what comes later and not what was said."""
    assert (await owner.say(room_id, text))["ok"]
    await who.ask("typing", {"room_id": room_id, "is_typing": True})
    assert [each for each in who.all_heard("new_message") if each["message"] == text] == []


async def test_another_session_keeps_nobody_in_who_is_removed(person: People) -> None:
    ada, mallory = person("Ada"), person("Mallory")
    room_id, path = await room_of(ada)
    mine = await mallory.joins_over_rest(room_id)
    await mallory.connect(auth={"token": mallory.token})
    assert (await mallory.ask("watch_room", {"room_id": room_id}))["ok"]
    assert (await takes_another_session(mallory))["ok"]
    await done(ada, "POST", f"{path}/remove", {"user_id": mine["user_id"]})
    assert (await mallory.hears("removed"))["room_id"] == room_id
    await hears_nothing_of(mallory, ada, room_id, "She is gone")


async def test_another_session_keeps_no_reader_whose_link_was_revoked(person: People) -> None:
    ada, cleo = person("Ada"), person("Cleo")
    room_id, path = await room_of(ada)
    await done(ada, "PATCH", path, {"locked": True})
    code, link_id = await code_of(ada, path, "reader")
    await cleo.connect(auth={"token": await comes_by_link(cleo, code)})
    assert (await cleo.ask("watch_room", {"room_id": room_id}))["ok"]
    assert (await takes_another_session(cleo))["ok"]
    await done(ada, "DELETE", f"{path}/links/{link_id}")
    assert (await cleo.hears("removed"))["reason"] == "closed"
    await hears_nothing_of(cleo, ada, room_id, "Nobody reads along")


async def test_another_session_keeps_no_owner_whose_link_was_revoked(person: People) -> None:
    ada, olga = person("Ada"), person("Olga")
    room_id, path = await room_of(ada)
    code, link_id = await code_of(ada, path, "owner")
    await olga.join(room_id, token=await comes_by_link(olga, code))
    assert (await takes_another_session(olga))["ok"]
    await done(ada, "PATCH", path, {"read_only": True})
    assert (await olga.say(room_id, "As an owner"))["ok"]
    await done(ada, "DELETE", f"{path}/links/{link_id}")
    assert (await olga.say(room_id, "Still?"))["code"] == "read_only"
    change = {"room_id": room_id, "title": "Mine"}
    assert (await olga.ask("change_conversation", change))["code"] == "forbidden"


async def test_what_is_done_in_a_room_is_done_by_who_sat_down_there(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, _ = await room_of(ada)
    await ben.join(room_id)
    other = await takes_another_session(ada)
    assert (await ada.ask("change_conversation", {"room_id": room_id, "title": "Mine"}))["ok"]
    await ada.say(room_id, "As Ada")
    assert (await ben.hears("new_message"))["username"] == "Ada"
    assert other["role"] == "owner"


async def test_many_sessions_on_one_socket_are_one_persons_limit(opened: Open) -> None:
    async with opened(limit_messages="2/10s session") as house:
        ada = house.guest("Ada")
        room_id = await ada.starts()
        await ada.connect(auth={"token": ada.token})
        await ada.join(room_id)
        for text in ("one", "two"):
            assert (await ada.say(room_id, text))["ok"]
        assert (await takes_another_session(ada))["ok"]
        assert (await ada.say(room_id, "three"))["code"] == "rate_limited"


# --- tokens that were replaced ---


async def test_a_right_gained_ends_the_sockets_of_who_knew_the_old_token(
    person: People, transports: tuple[str, ...]
) -> None:
    ada, victim = person("Ada"), person("Vera")
    room_id, path = await room_of(ada)
    mallory = person("Mallory", transports=transports)
    await mallory.starts()
    await mallory.connect(auth={"token": mallory.token})
    assert (await mallory.ask("watch_room", {"room_id": room_id}))["ok"]
    victim.token = mallory.token  # planted in her browser
    code, _ = await code_of(ada, path, "owner")
    await comes_by_link(victim, code)
    await gone(mallory)
    assert await refused(mallory, "PATCH", path, {"title": "Mine"}) == "forbidden"
    await done(victim, "PATCH", path, {"title": "Vera's"})


async def gone(who: Person) -> None:
    """Their connection is ended."""
    async with asyncio.timeout(PATIENCE_S):
        await who.socket.eio.wait()


async def test_a_passphrase_on_a_socket_ends_the_others_of_the_old_token(person: People) -> None:
    ada, ben, mallory = person("Ada"), person("Ben"), person("Mallory")
    room_id, path = await room_of(ada)
    await done(ada, "PATCH", path, {"passphrase": PASSPHRASE})
    own_room = await ben.starts()
    for each in (ben, mallory):
        await each.connect(auth={"token": ben.token})
        assert (await each.ask("watch_room", {"room_id": own_room}))["ok"]
    answer = await ben.join(room_id, passphrase=PASSPHRASE)
    await gone(mallory)
    assert (await ben.say(room_id, "Here I am"))["ok"]
    assert answer["token"] == ben.token
    await ben.reconnect(auth={"token": ben.token})
    assert (await ben.ask("join_room", {"room_id": room_id}))["ok"]


async def test_a_browser_gives_no_passphrase_on_a_socket(server: Running, person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada)
    await done(ada, "PATCH", path, {"passphrase": PASSPHRASE})
    await ben.starts()
    headers = {"Cookie": f"parley_session={ben.token}", "Origin": server.url}
    await ben.connect(headers=headers)
    answer = await ben.ask("join_room", {"room_id": room_id, "passphrase": PASSPHRASE})
    assert answer["code"] == "bad_request"
    assert "page" in answer["error"]
    assert await refused(ben, "GET", path) == "passphrase_required"


# --- a right taken back on the way in ---


async def test_a_right_that_is_taken_back_on_the_way_in_is_gone(
    server: Running, person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, olga = person("Ada"), person("Olga")
    room_id, path = await room_of(ada)
    code, link_id = await code_of(ada, path, "owner")
    token = await comes_by_link(olga, code)
    read = conversations.snapshots

    async def read_after_it_was_revoked(context: Any, who: Any) -> Any:
        # What is told of it comes while Olga sits nowhere yet.
        seats, client.seats = client.seats, {}
        await done(ada, "DELETE", f"{path}/links/{link_id}")
        client.seats = seats
        return await read(context, who)

    await olga.connect(auth={"token": token})
    [client] = [
        each
        for each in server.app.realtime.audience.clients.values()
        if each.credential.token == token
    ]
    monkeypatch.setattr(conversations, "snapshots", read_after_it_was_revoked)
    await olga.join(room_id)
    monkeypatch.undo()
    await done(ada, "PATCH", path, {"read_only": True})
    assert (await olga.say(room_id, "Still an owner?"))["code"] == "read_only"


async def test_a_door_that_closes_on_the_way_in_keeps_readers_out_of_a_crowd(
    person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "CROWD", 0)  # so that a state is read for all who come
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id, path = await room_of(ada)
    await ben.connect()
    assert (await ben.ask("watch_room", {"room_id": room_id}))["ok"]
    find = conversations.find

    async def find_and_be_locked_out(*asked: Any) -> Any:
        found = await find(*asked)
        monkeypatch.setattr(conversations, "find", find)
        await done(ada, "PATCH", path, {"locked": True})
        return found

    await cleo.connect()
    monkeypatch.setattr(conversations, "find", find_and_be_locked_out)
    assert (await cleo.ask("watch_room", {"room_id": room_id, "since": 0}))["code"] == "locked"
    assert cleo.all_heard("conversation_state") == []
    assert (await ben.hears("removed"))["reason"] == "closed"
