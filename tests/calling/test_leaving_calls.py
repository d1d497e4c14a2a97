"""Who is in a call no more: by their own wish, by an owner's, or since they are gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from pathlib import Path

import pytest
import pytest_asyncio

from parley.app import web_site
from parley.config import Config
from parley.domain import blocking, erasing_own
from parley.domain import calls as stored_calls
from parley.domain.admins import AT_COMMAND_LINE
from parley.domain.context import Context
from parley.errors import Unavailable
from parley.live import calls
from tests import databases, lasting
from tests.calling.talk import Talk, call, names, sees, talking_at
from tests.people import Json, Person
from tests.raw import raw_socket
from tests.servers import Running, process, running

pytestmark = lasting.in_one_loop
config, server = lasting.config, lasting.server


@pytest_asyncio.fixture(loop_scope="module")
async def both(talk: Talk) -> Talk:
    """Both are in the call."""
    await both_call(talk)
    return talk


async def both_call(talk: Talk) -> None:
    await call(talk.ada, talk.room_id)
    await call(talk.ben, talk.room_id)
    for person in (talk.ada, talk.ben):
        await sees(person, "Ada", "Ben")
    talk.ada.heard.clear()


@pytest_asyncio.fixture(loop_scope="module")
async def looked_at_often(
    own_config: Config, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Talk]:
    """Both are in the call, at a server that rests only shortly between two looks."""
    monkeypatch.setattr(calls, "LOOK_EVERY_S", 0.05)
    async with running(own_config) as server, talking_at(server) as talk:
        await both_call(talk)
        yield talk


async def test_who_is_removed_is_out_at_once(both: Talk) -> None:
    await both.ada.ask("remove_participant", {"room_id": both.room_id, "user_id": "ben-1"})
    await sees(both.ada, "Ada")
    await both.ben.hears("removed")
    await both.ben.reconnect(auth={"token": both.ben.token})
    assert (await call(both.ben, both.room_id))["code"] == "conversation_not_found"


async def test_who_leaves_the_conversation_leaves_its_call(both: Talk) -> None:
    await both.ben.leave(both.room_id)
    await sees(both.ada, "Ada")


async def test_who_leaves_over_rest_leaves_its_call(both: Talk) -> None:
    await both.ben.call("POST", f"{both.path}/leave")
    await sees(both.ada, "Ada")


async def test_where_only_owners_post_only_they_call(both: Talk) -> None:
    await both.ada.call("PATCH", both.path, {"read_only": True})
    await sees(both.ada, "Ada")
    assert (await call(both.ben, both.room_id))["code"] == "read_only"


async def test_owners_turn_calls_off(both: Talk) -> None:
    status, reply = await both.ada.call("PATCH", both.path, {"calls": "off"})
    assert (status, reply["conversation"]["calls"]) == (200, "off")
    changed = await both.ben.hears("conversation_changed")
    assert changed["calls"] == "off"
    await both.ben.hears("call_state", lambda state: state["call"] is None)
    await both.ben.hears("new_message", lambda message: message["type"] == "call")
    assert (await call(both.ben, both.room_id))["code"] == "calls_off"
    _, servers = await both.ben.call("GET", f"{both.path}/call/servers")
    assert servers["code"] == "calls_off"
    _, acts = await both.ada.call("GET", f"{both.path}/acts")
    assert acts["acts"][0]["act"] == "turned_calls_off"
    await both.ada.call("PATCH", both.path, {"calls": "on"})
    assert (await call(both.ben, both.room_id))["ok"]


@pytest.mark.parametrize("how", ["end_conversation", "delete_conversation"])
async def test_a_conversation_that_is_over_has_no_call(both: Talk, how: str) -> None:
    await both.ada.ask(how, {"room_id": both.room_id})
    refused = await call(both.ben, both.room_id)
    assert refused["code"] in ("conversation_ended", "conversation_not_found")
    if how == "end_conversation":
        await both.ben.hears("call_state", lambda state: state["call"] is None)
        assert all(message["type"] != "call" for message in both.ben.all_heard("new_message"))


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("comes", [True, False])
async def test_no_line_is_in_the_name_of_who_deleted_all_they_said(
    talk: Talk, server: Running, comes: bool
) -> None:
    ben = talk.ben
    _, reply = await ben.call("POST", "/api/account", {"name": "Ben"})
    ben.token = reply["token"]
    await ben.reconnect(auth={"token": ben.token})
    await ben.join(talk.room_id)
    assert (await call(ben, talk.room_id))["ok"]
    if comes:
        assert (await call(talk.ada, talk.room_id))["ok"]
    status, _ = await ben.call("DELETE", "/api/account", {"messages": "delete"})
    assert status == 200
    context = web_site(server.app).context
    await erasing_own.go_on(context)
    await talk.ada.ask("call_moderate", {"room_id": talk.room_id, "act": "end"})
    await talk.ada.hears("call_state", lambda state: state["call"] is None)
    await talk.ada.say(talk.room_id, "Where is Ben?")
    await talk.ada.hears("new_message", lambda message: message["type"] != "call")
    said = [each for each in talk.ada.all_heard("new_message") if each["type"] == "call"]
    assert [each["username"] for each in said] == (["Ada"] if comes else [])


async def test_an_owner_mutes_everybody_else(both: Talk) -> None:
    asked = {"room_id": both.room_id, "act": "mute_all"}
    assert await both.ada.ask("call_moderate", asked) == {"ok": True}
    told = await both.ben.hears("call_told")
    assert told == {"room_id": both.room_id, "what": "muted", "by": "Ada"}
    await both.ben.say(both.room_id, "I am muted")
    await both.ada.hears("new_message")
    assert both.ada.all_heard("call_told") == []
    assert (await both.ben.ask("call_moderate", asked))["code"] == "forbidden"


async def test_an_owner_puts_somebody_out_of_a_call(both: Talk) -> None:
    state = await sees(both.ben, "Ada", "Ben")
    asked: Json = {"room_id": both.room_id, "act": "put_out"}
    assert (await both.ada.ask("call_moderate", asked))["code"] == "bad_request"
    nobody = {**asked, "peer": "nobody"}
    assert (await both.ada.ask("call_moderate", nobody))["code"] == "no_such_peer"
    ben = {**asked, "peer": state["call"]["people"][1]["peer"]}
    assert await both.ada.ask("call_moderate", ben) == {"ok": True}
    told = await both.ben.hears("call_told")
    assert told == {"room_id": both.room_id, "what": "put_out", "by": "Ada"}
    await sees(both.ada, "Ada")
    assert (await call(both.ben, both.room_id))["code"] == "forbidden"
    await both.ada.ask("call_leave", {"room_id": both.room_id})
    assert (await call(both.ben, both.room_id))["ok"]


async def test_an_owner_ends_a_call(both: Talk) -> None:
    asked = {"room_id": both.room_id, "act": "end"}
    assert await both.ada.ask("call_moderate", asked) == {"ok": True}
    assert (await both.ben.hears("call_told"))["what"] == "ended"
    await both.ben.hears("call_state", lambda state: state["call"] is None)
    assert (await both.ada.ask("call_moderate", asked))["code"] == "not_in_call"


async def test_who_loses_the_connection_comes_back_as_they_were(both: Talk) -> None:
    mine = await call(both.ben, both.room_id)
    both.ada.heard.clear()
    await both.ben.reconnect(auth={"token": both.ben.token})
    await both.ben.join(both.room_id)
    back = await call(both.ben, both.room_id, peer=mine["peer"], hand=True)
    assert back["peer"] == mine["peer"]
    await both.ada.hears("call_state", lambda state: state["call"]["people"][-1]["hand"])
    assert all(len(names(state)) == 2 for state in both.ada.all_heard("call_state"))
    signal = {"room_id": both.room_id, "to": mine["peer"], "data": {"candidate": None}}
    assert (await both.ada.ask("call_signal", signal))["ok"]
    await both.ben.hears("call_signal")


async def test_nobody_takes_another_persons_place(both: Talk) -> None:
    state = await sees(both.ben, "Ada", "Ben")
    await both.ada.ask("call_leave", {"room_id": both.room_id})
    taken = await call(both.ada, both.room_id, peer=state["call"]["people"][1]["peer"])
    assert taken["peer"] != state["call"]["people"][1]["peer"]


async def test_who_is_gone_for_long_has_left(
    looked_at_often: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "LOST_AFTER_S", 0.1)
    await looked_at_often.ben.disconnect()
    await sees(looked_at_often.ada, "Ada")


async def test_who_is_blocked_is_out_and_may_leave(both: Talk, server: Running) -> None:
    context = web_site(server.app).context
    await blocking.block(context, "127.0.0.1", by=AT_COMMAND_LINE)
    try:
        said = await both.ben.hears("new_message", lambda message: message["type"] == "call")
        assert len(said["call"]["people"]) == 2
        assert (await call(both.ben, both.room_id))["code"] == "blocked"
        refused = await both.ben.ask("call_leave", {"room_id": both.room_id})
        assert refused["code"] == "not_in_call"
    finally:
        await blocking.unblock(context, "127.0.0.1", by=AT_COMMAND_LINE)


@pytest.mark.long("it waits until it can")
@pytest.mark.parametrize("how", ["call_leave", "leave_room"])
async def test_who_leaves_while_nothing_can_be_stored_is_out_once_it_can(
    both: Talk, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    leave, tries = stored_calls.leave, 0

    async def fails_at_first(
        context: Context, conversation_id: int, peers: Collection[str]
    ) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise Unavailable
        await leave(context, conversation_id, peers)

    monkeypatch.setattr(stored_calls, "leave", fails_at_first)
    answer = await both.ben.ask(how, {"room_id": both.room_id})
    assert answer.get("code") == ("unavailable" if how == "call_leave" else None)
    await sees(both.ada, "Ada")


async def test_who_may_not_call_any_more_is_out_once_that_can_be_stored(
    both: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "AGAIN_S", 0.01)
    review, failed = stored_calls.review, asyncio.Event()

    async def fails_once(context: Context, conversation_id: int) -> None:
        if not failed.is_set():
            failed.set()
            raise Unavailable(retry_after=1)
        await review(context, conversation_id)

    monkeypatch.setattr(stored_calls, "review", fails_once)
    await both.ada.call("PATCH", both.path, {"read_only": True})
    await sees(both.ada, "Ada")
    assert failed.is_set()


@pytest.mark.long("it waits until they have")
async def test_who_was_stored_but_never_taken_in_has_left(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "LOST_AFTER_S", 0.1)
    monkeypatch.setattr(calls.Calling, "_take", lambda *_: None)
    await call(talk.ben, talk.room_id)
    await talk.ada.hears("call_state", lambda state: state["call"] is None)


@pytest.mark.long("it waits for a ping that nobody answers")
async def test_a_socket_that_answers_nothing_has_left(
    talk: Talk, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    await call(talk.ada, talk.room_id)
    dora = Person("Dora", server.url, ("polling",))
    await dora.join(talk.room_id)
    await call(dora, talk.room_id)
    monkeypatch.setattr(calls, "SELDOM", 1)
    monkeypatch.setattr(calls, "LOST_AFTER_S", 5.0)
    async with raw_socket(server.url) as silent:
        await silent.ask("join_room", {"room_id": talk.room_id, "username": "Sly"}, id=1)
        calling = {"room_id": talk.room_id, "audio": True, "video": False}
        assert (await silent.ask("call_join", calling, id=2))["ok"]
        await sees(talk.ada, "Ada", "Dora", "Sly")
        talk.ada.heard.clear()
        # Whoever answers stays, by whatever they are connected.
        await sees(talk.ada, "Ada", "Dora")
    await dora.goes_home()


@pytest.mark.long("it waits for two seconds")
async def test_who_is_signalled_to_is_asked_at_once(
    both: Talk, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "LOST_AFTER_S", 2.0)
    monkeypatch.setattr(calls.Calling, "_ask_in_turn", lambda _: None)
    async with raw_socket(server.url) as silent:
        await silent.ask("join_room", {"room_id": both.room_id, "username": "Sly"}, id=1)
        calling = {"room_id": both.room_id, "audio": True, "video": False}
        assert (await silent.ask("call_join", calling, id=2))["ok"]
        state = await sees(both.ada, "Ada", "Ben", "Sly")
        both.ada.heard.clear()
        peers = {each["username"]: each["peer"] for each in state["call"]["people"]}
        # As pages do that hear nothing any more; whoever has just come is asked a little later.
        signal = {"room_id": both.room_id, "data": {"round": 0}}
        while not both.ada.all_heard("call_state"):
            assert (await both.ada.ask("call_signal", {**signal, "to": peers["Ben"]}))["ok"]
            await both.ada.ask("call_signal", {**signal, "to": peers["Sly"]})
        await sees(both.ada, "Ada", "Ben")


async def test_of_many_each_is_asked_within_a_minute(
    own_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[str | None] = set()
    monkeypatch.setattr(calls.Calling, "_ask", lambda _, device: asked.add(device.sid))
    async with running(own_config) as server, talking_at(server) as talk:
        people = [Person(f"P{number}", server.url) for number in range(8)]
        for person in people:
            await person.join(talk.room_id)
            assert (await call(person, talk.room_id))["ok"]
        for _ in range(int((60 - calls.LOST_AFTER_S) / calls.LOOK_EVERY_S)):
            server.app.realtime.calling._ask_in_turn()
        assert len(asked) == len(people)
        for person in people:
            await person.goes_home()


async def test_a_socket_in_two_calls_stays_in_both(
    looked_at_often: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "LOST_AFTER_S", 1.5)
    both = looked_at_often
    elsewhere = await both.ben.starts()
    await both.ben.join(elsewhere, token=both.ben.token)
    assert (await call(both.ben, elsewhere))["ok"]
    dora = Person("Dora", both.ben.url)
    await dora.join(elsewhere)
    assert (await call(dora, elsewhere))["ok"]
    await dora.disconnect()  # long enough for any of them to be given up
    await both.ben.hears("call_state", lambda state: names(state) == ["Ben"])
    for room_id in (both.room_id, elsewhere):
        assert await both.ben.ask("call_leave", {"room_id": room_id}) == {"ok": True}


async def test_a_call_outlives_a_restart(tmp_path: Path) -> None:
    with process(tmp_path / "data") as server:
        ada, ben = Person("Ada", server.url), Person("Ben", server.url)
        room_id = await ada.starts()
        await ada.join(room_id, token=ada.token)
        await ben.join(room_id)
        first, second = await call(ada, room_id), await call(ben, room_id)
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        for person, before in ((ada, first), (ben, second)):
            person.url = server.url
            await person.reconnect(auth={"token": person.token})
            await person.join(room_id)
            back = await call(person, room_id, peer=before["peer"])
            assert (back["peer"], back["call_id"]) == (before["peer"], first["call_id"])
            assert back["started_at"] == first["started_at"]
        await ada.ask("call_leave", {"room_id": room_id})
        await ben.ask("call_leave", {"room_id": room_id})
        said = await ben.hears("new_message")
        assert said["call"]["started_at"] == first["started_at"]
        await ada.goes_home()
        await ben.goes_home()


@pytest.mark.long("one that outlives a restart tells most")
@pytest.mark.usefixtures("short")
async def test_a_call_that_nobody_comes_back_to_after_a_restart_is_over(
    own_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(own_config) as server:
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await ada.join(room_id, token=ada.token)
        await call(ada, room_id)
        await ada.goes_home()
    monkeypatch.setattr(calls, "LOST_AFTER_S", 0.1)
    async with running(own_config) as server:
        ada = Person("Ada", server.url)
        await ada.join(room_id)
        said = await ada.hears("new_message", lambda message: message["type"] == "call")
        assert said["message"] == "Missed call from Ada"
        await ada.goes_home()


@databases.sqlite_only
async def test_what_devices_tell_each_other_is_stored_and_logged_nowhere(tmp_path: Path) -> None:
    marker = "candidate-of-nobody-else"
    data = tmp_path / "data"
    with process(data, "--port", "0", "--log-level", "debug") as server:
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await ada.join(room_id, token=ada.token)
        mine = await call(ada, room_id)
        signal = {"room_id": room_id, "to": mine["peer"], "data": {"candidate": marker}}
        assert (await ada.ask("call_signal", signal))["ok"]
        assert (await ada.hears("call_signal"))["data"] == signal["data"]
        assert not (await ada.ask("call_signal", {**signal, "to": "nobody"}))["ok"]
        kept = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
        assert room_id.encode() in kept
        assert marker.encode() not in kept
        _, output = await asyncio.to_thread(server.stop)
        assert marker not in output
        await ada.goes_home()
