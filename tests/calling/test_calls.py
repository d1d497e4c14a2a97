"""A call from its beginning to what it leaves in the history, on a real server."""

from __future__ import annotations

from dataclasses import replace

import aiohttp
import pytest
from structlog.testing import capture_logs

from parley.config import Config
from parley.limits.rates import By, Rate
from parley.live import calls
from tests import lasting
from tests.calling.talk import Talk, call, names
from tests.people import Person
from tests.servers import Running, running

pytestmark = lasting.in_one_loop
config, server = lasting.config, lasting.server


async def test_two_come_together_and_tell_each_other_how_to_connect(talk: Talk) -> None:
    first = await call(talk.ada, talk.room_id)
    assert first["ok"], first
    assert [each["peer"] for each in first["people"]] == [first["peer"]]
    second = await call(talk.ben, talk.room_id, video=True)
    assert second["call_id"] == first["call_id"]
    assert second["started_at"] == first["started_at"]
    assert [each["username"] for each in second["people"]] == ["Ada", "Ben"]

    state = await talk.ada.hears("call_state", lambda state: names(state) == ["Ada", "Ben"])
    assert state["room_id"] == talk.room_id
    assert state["call"]["people"][1] == {
        "user_id": state["call"]["people"][1]["user_id"],
        "username": "Ben",
        "peer": second["peer"],
        "audio": True,
        "video": True,
        "screen": False,
        "hand": False,
    }
    offer = {"description": {"type": "offer", "sdp": "v=0\r\nö"}}
    told = {"room_id": talk.room_id, "to": first["peer"], "data": offer}
    assert await talk.ben.ask("call_signal", told) == {"ok": True}
    heard = await talk.ada.hears("call_signal")
    assert heard == {"room_id": talk.room_id, "from": second["peer"], "data": offer}
    assert talk.ben.all_heard("call_signal") == []


async def test_somebody_who_comes_while_there_is_a_call_is_told_of_it(
    talk: Talk, server: Running
) -> None:
    mine = await call(talk.ada, talk.room_id)
    cleo = Person("Cleo", server.url)
    await cleo.join(talk.room_id)
    state = await cleo.hears("call_state")
    assert state["call"]["id"] == mine["call_id"]
    assert names(state) == ["Ada"]
    await cleo.goes_home()


async def test_whoever_only_reads_is_told_of_no_call(talk: Talk, server: Running) -> None:
    rea = Person("Rea", server.url)
    await rea.connect()
    assert (await rea.ask("watch_room", {"room_id": talk.room_id}))["ok"]
    await call(talk.ada, talk.room_id)
    await talk.ben.hears("call_state")
    assert (await call(rea, talk.room_id))["code"] == "not_joined"
    await talk.ben.say(talk.room_id, "Did you hear?")
    await rea.hears("new_message")
    assert rea.all_heard("call_state") == []
    await rea.goes_home()


async def test_joining_again_says_what_is_sent_now(talk: Talk) -> None:
    first = await call(talk.ada, talk.room_id)
    again = await call(talk.ada, talk.room_id, audio=False, video=True, screen=True, hand=True)
    assert again["peer"] == first["peer"]
    state = await talk.ben.hears("call_state", lambda state: state["call"]["people"][0]["hand"])
    [ada] = state["call"]["people"]
    assert (ada["audio"], ada["video"], ada["screen"]) == (False, True, True)


async def test_who_takes_another_name_has_it_in_the_call_at_once(talk: Talk) -> None:
    await call(talk.ada, talk.room_id)
    await call(talk.ben, talk.room_id)
    await talk.ada.hears("call_state", lambda state: names(state) == ["Ada", "Ben"])
    renamed = await talk.ben.call("POST", f"{talk.path}/join", {"username": "Benjamin"})
    assert renamed[0] == 200, renamed
    await talk.ada.hears("call_state", lambda state: names(state) == ["Ada", "Benjamin"])


async def test_two_devices_of_one_person_are_two_peers(talk: Talk, server: Running) -> None:
    phone = Person("Ada", server.url)
    phone.token = talk.ada.token
    await phone.connect(auth={"token": talk.ada.token})
    await phone.join(talk.room_id)
    first, second = await call(talk.ada, talk.room_id), await call(phone, talk.room_id)
    assert first["peer"] != second["peer"]
    assert [each["user_id"] for each in second["people"]] == [first["people"][0]["user_id"]] * 2
    await talk.ada.ask("call_leave", {"room_id": talk.room_id})
    left = {**second["people"][1]}
    await talk.ben.hears("call_state", lambda state: state["call"]["people"] == [left])
    await phone.goes_home()


async def test_a_call_that_is_over_leaves_a_message(talk: Talk) -> None:
    began = await call(talk.ada, talk.room_id)
    await call(talk.ben, talk.room_id)
    assert await talk.ada.ask("call_leave", {"room_id": talk.room_id}) == {"ok": True}
    assert await talk.ben.ask("call_leave", {"room_id": talk.room_id}) == {"ok": True}
    said = await talk.ben.hears("new_message", lambda message: message["type"] == "call")
    assert said["message"].startswith("Call: ")
    assert said["message"].endswith(", Ada, Ben")
    assert said["username"] == "Ada"
    assert said["call"]["started_at"] == began["started_at"]
    assert said["call"]["seconds"] in range(60)
    assert [each["username"] for each in said["call"]["people"]] == ["Ada", "Ben"]
    assert "parts" not in said
    state = await talk.ben.hears("call_state", lambda state: state["call"] is None)
    assert state == {"room_id": talk.room_id, "call": None}
    _, history = await talk.ben.call("GET", f"/api/conversations/{talk.room_id}/messages")
    assert history["messages"][-1] == said
    refused = await talk.ben.ask("call_leave", {"room_id": talk.room_id})
    assert refused["code"] == "not_in_call"


@pytest.mark.usefixtures("short")
async def test_a_call_that_nobody_took_is_missed(talk: Talk) -> None:
    await call(talk.ada, talk.room_id)
    await talk.ada.ask("call_leave", {"room_id": talk.room_id})
    said = await talk.ben.hears("new_message")
    assert (said["type"], said["message"]) == ("call", "Missed call from Ada")
    assert len(said["call"]["people"]) == 1


@pytest.mark.usefixtures("short")
async def test_nobody_makes_up_or_edits_what_a_call_leaves(talk: Talk) -> None:
    made_up = await talk.ada.say(talk.room_id, "Missed call from Ben", type="call")
    assert made_up["code"] == "bad_request"
    await call(talk.ada, talk.room_id)
    await talk.ada.ask("call_leave", {"room_id": talk.room_id})
    said = await talk.ada.hears("new_message")
    edit = {"room_id": talk.room_id, "id": said["id"], "message": "**Nothing**"}
    assert (await talk.ada.ask("edit_message", edit))["code"] == "forbidden"
    gone = await talk.ada.ask("delete_message", {"room_id": talk.room_id, "id": said["id"]})
    assert gone["ok"]
    deleted = await talk.ben.hears("message_changed")
    assert "call" not in deleted


@pytest.mark.usefixtures("short")
async def test_an_encrypted_conversation_has_calls_too(server: Running) -> None:
    ada = Person("Ada", server.url)
    room_id = await ada.starts("", encrypted=True, read_proof_hash="A" * 43)
    await ada.join(room_id, token=ada.token)
    assert (await call(ada, room_id))["ok"]
    await ada.ask("call_leave", {"room_id": room_id})
    said = await ada.hears("new_message")
    assert (said["type"], said["message"]) == ("call", "Missed call from Ada")
    gone = await ada.ask("delete_message", {"room_id": room_id, "id": said["id"]})
    assert gone["ok"]
    assert (await ada.hears("message_changed"))["message"] == ""
    await ada.goes_home()


@pytest.mark.usefixtures("short")
async def test_what_a_call_leaves_is_found_by_its_words(talk: Talk) -> None:
    await call(talk.ada, talk.room_id)
    await talk.ada.ask("call_leave", {"room_id": talk.room_id})
    said = await talk.ben.hears("new_message")
    path = f"/api/conversations/{talk.room_id}/search?q=missed"
    _, found = await talk.ben.call("GET", path)
    assert [each["message"]["id"] for each in found["results"]] == [said["id"]]


@pytest.mark.usefixtures("short")
async def test_no_name_is_markdown_in_what_a_call_leaves(talk: Talk) -> None:
    name = "[Ada](https://mallory.example)"
    await talk.ben.call("POST", f"{talk.path}/join", {"username": name})
    await call(talk.ben, talk.room_id)
    await talk.ben.ask("call_leave", {"room_id": talk.room_id})
    await talk.ada.hears("new_message", lambda message: message["type"] == "call")
    url = f"{talk.ada.url}{talk.path}/export?format=md"
    head = {"Authorization": f"Bearer {talk.ada.token}"}
    async with aiohttp.ClientSession() as http, http.get(url, headers=head) as response:
        assert response.status == 200
        exported = await response.text()
    assert "Missed call from" in exported
    assert "[Ada](" not in exported


async def test_a_call_given_up_at_once_leaves_nothing(talk: Talk) -> None:
    await call(talk.ada, talk.room_id)
    await talk.ada.ask("call_leave", {"room_id": talk.room_id})
    await talk.ben.hears("call_state", lambda state: state["call"] is None)
    await talk.ada.say(talk.room_id, "By mistake")
    said = await talk.ben.hears("new_message")
    assert said["message"] == "By mistake"


async def test_beginning_a_call_counts_as_a_message_each_time(own_config: Config) -> None:
    rates = (Rate(4, 3600, By.SESSION),)
    async with running(replace(own_config, rate_limits=True, limit_messages=rates)) as server:
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await ada.join(room_id, token=ada.token)
        for _ in range(4):
            assert (await call(ada, room_id))["ok"]
            await ada.ask("call_leave", {"room_id": room_id})
        assert (await call(ada, room_id))["code"] == "rate_limited"
        await ada.goes_home()


async def test_beginning_a_call_is_no_error_to_the_log(talk: Talk) -> None:
    # That none goes on is found by the transaction that would come into one.
    with capture_logs() as logged:
        assert (await call(talk.ada, talk.room_id))["ok"]
    assert [each for each in logged if each["log_level"] == "error"] == []


async def test_signals_go_to_devices_in_the_same_call_alone(talk: Talk) -> None:
    signal = {"room_id": talk.room_id, "to": "nobody", "data": {"bye": True}}
    assert (await talk.ben.ask("call_signal", signal))["code"] == "not_in_call"
    mine = await call(talk.ben, talk.room_id)
    assert (await talk.ben.ask("call_signal", signal))["code"] == "no_such_peer"
    elsewhere = await talk.ada.starts()
    await talk.ada.join(elsewhere)
    await call(talk.ada, elsewhere)
    across = {**signal, "room_id": elsewhere, "to": mine["peer"]}
    assert (await talk.ada.ask("call_signal", across))["code"] == "no_such_peer"


async def test_a_signal_is_bounded(talk: Talk) -> None:
    mine = await call(talk.ada, talk.room_id)
    most = {"x": "x" * (32 * 1024 - 8)}
    signal = {"room_id": talk.room_id, "to": mine["peer"], "data": most}
    assert (await talk.ada.ask("call_signal", signal))["ok"]
    assert (await talk.ada.hears("call_signal"))["data"] == most
    signal["data"] = {"x": most["x"] + "x"}
    assert (await talk.ada.ask("call_signal", signal))["code"] == "too_large"
    signal["data"] = ["x"]
    assert (await talk.ada.ask("call_signal", signal))["code"] == "bad_request"


async def test_large_signals_count_by_their_size(own_config: Config) -> None:
    rates = (Rate(6, 3600, By.SESSION),)
    async with running(replace(own_config, rate_limits=True, limit_signals=rates)) as server:
        ada = Person("Ada", server.url)
        room_id = await ada.starts()
        await ada.join(room_id, token=ada.token)
        mine = await call(ada, room_id)
        signal = {"room_id": room_id, "to": mine["peer"]}
        most = {**signal, "data": {"x": "x" * (32 * 1024 - 8)}}
        assert (await ada.ask("call_signal", most))["ok"]
        small = {**signal, "data": {"x": "x" * (8 * 1024 - 8)}}
        assert (await ada.ask("call_signal", small))["ok"]
        over = {**signal, "data": {"x": "x" * (8 * 1024 - 7)}}
        assert (await ada.ask("call_signal", over))["code"] == "rate_limited"
        await ada.goes_home()


async def test_ten_fit_in_a_call_and_six_pictures(talk: Talk, server: Running) -> None:
    people = [talk.ada, talk.ben, *(Person(f"P{n}", server.url) for n in range(9))]
    for person in people[2:]:
        await person.join(talk.room_id)
    for person in people[:6]:
        assert (await call(person, talk.room_id, video=True))["ok"]
    seventh = people[6]
    assert (await call(seventh, talk.room_id, video=True))["code"] == "call_video_full"
    assert (await call(seventh, talk.room_id))["ok"]
    assert (await call(seventh, talk.room_id, screen=True))["code"] == "call_video_full"
    assert (await call(people[0], talk.room_id, video=True, hand=True))["ok"]
    for person in people[7:10]:
        assert (await call(person, talk.room_id))["ok"]
    assert (await call(people[10], talk.room_id))["code"] == "call_full"
    await talk.ada.ask("call_leave", {"room_id": talk.room_id})
    assert (await call(people[10], talk.room_id, video=True))["ok"]
    for person in people[2:]:
        await person.goes_home()


async def test_nobody_fills_a_call_alone(talk: Talk, server: Running) -> None:
    devices = [Person("Ben", server.url) for _ in range(3)]
    for device in devices:
        device.token = talk.ben.token
        await device.connect(auth={"token": talk.ben.token})
        await device.join(talk.room_id)
    for person in (talk.ben, *devices[:2]):
        assert (await call(person, talk.room_id))["ok"]
    refused = await call(devices[2], talk.room_id)
    assert (refused["code"], "3 devices" in refused["error"]) == ("call_full", True)
    assert (await call(devices[0], talk.room_id, hand=True))["ok"]
    await talk.ben.ask("call_leave", {"room_id": talk.room_id})
    assert (await call(devices[2], talk.room_id))["ok"]
    for device in devices:
        await device.goes_home()


async def test_a_socket_is_in_few_calls_at_once(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "CALLS_PER_SOCKET", 2)
    rooms = [talk.room_id, *[await talk.ada.starts() for _ in range(2)]]
    for room_id in rooms[1:]:
        await talk.ada.join(room_id, token=talk.ada.token)
    for room_id in rooms[:2]:
        assert (await call(talk.ada, room_id))["ok"]
    refused = await call(talk.ada, rooms[2])
    assert (refused["code"], "2 calls" in refused["error"]) == ("call_full", True)
    assert (await call(talk.ada, rooms[0], hand=True))["ok"]
    await talk.ada.ask("call_leave", {"room_id": rooms[0]})
    assert (await call(talk.ada, rooms[2]))["ok"]


async def test_an_address_has_so_many_devices_in_calls(
    own_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "DEVICES_PER_ADDRESS", 1)
    for has_limits in (True, False):
        async with running(replace(own_config, rate_limits=has_limits)) as server:
            ada, ben = Person("Ada", server.url), Person("Ben", server.url)
            room_id = await ada.starts()
            await ada.join(room_id, token=ada.token)
            await ben.join(room_id)
            assert (await call(ada, room_id))["ok"]
            assert (await call(ada, room_id, hand=True))["ok"]
            answer = await call(ben, room_id)
            assert answer.get("code") == ("call_full" if has_limits else None)
            await ada.goes_home()
            await ben.goes_home()


async def test_an_owner_fits_into_a_full_call(talk: Talk, server: Running) -> None:
    people = [talk.ben, *(Person(f"P{n}", server.url) for n in range(10))]
    for person in people[1:]:
        await person.join(talk.room_id)
    for person in people[:10]:
        assert (await call(person, talk.room_id))["ok"]
    assert (await call(people[10], talk.room_id))["code"] == "call_full"
    assert (await call(talk.ada, talk.room_id))["ok"]
    assert (await call(people[9], talk.room_id, audio=False))["ok"]
    for person in people[1:]:
        await person.goes_home()


async def test_states_are_told_seldom_and_the_last_one_counts(talk: Talk) -> None:
    for number in range(40):
        assert (await call(talk.ada, talk.room_id, hand=number % 2 == 0, audio=number < 39))["ok"]
    state = await talk.ben.hears("call_state", lambda s: not s["call"]["people"][0]["audio"])
    assert state["call"]["people"][0]["hand"] is False
    assert len(talk.ben.all_heard("call_state")) < 30


async def test_who_wants_one_call_alone_begins_none_and_joins_no_other(talk: Talk) -> None:
    first = await call(talk.ada, talk.room_id)
    again = await call(talk.ben, talk.room_id, call_id=first["call_id"])
    assert again["ok"], again
    for each in (talk.ada, talk.ben):
        assert (await each.ask("call_leave", {"room_id": talk.room_id}))["ok"]
    # It is over: whoever was away and comes back rings at nobody.
    late = {"peer": again["peer"], "call_id": first["call_id"]}
    assert (await call(talk.ben, talk.room_id, **late))["code"] == "call_over"
    # Nor are they in another that began meanwhile, unless they say so.
    second = await call(talk.ada, talk.room_id)
    assert second["call_id"] != first["call_id"]
    assert (await call(talk.ben, talk.room_id, **late))["code"] == "call_over"
    assert [each["username"] for each in (await call(talk.ben, talk.room_id))["people"]] == [
        "Ada",
        "Ben",
    ]
