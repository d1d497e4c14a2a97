"""Who may read may hear, and whoever may no more hears nothing from then on."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp
import pytest

from tests import lasting
from tests.people import Person
from tests.servers import Running
from tests.stream.hearing import hearing

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

Arrive = Callable[..., Person]


async def refusal(url: str, room: str, query: str = "", **headers: str) -> tuple[int, str, str]:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{url}/api/conversations/{room}/events{query}", headers=headers) as answer,
    ):
        reply = await answer.json()
        return answer.status, reply["code"], reply["error"]


async def joined(person: Arrive, name: str, room: str) -> Person:
    someone = person(name)
    await someone.join(room)
    return someone


async def owner(person: Arrive) -> tuple[Person, str]:
    ada = person("Ada")
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    return ada, room


async def test_whoever_is_removed_is_told_and_hears_no_more(
    server: Running, person: Arrive
) -> None:
    ada, room = await owner(person)
    ben = await joined(person, "Ben", room)
    async with hearing(server.url, room, token=ben.token) as heard:
        await heard.hears("conversation_state")
        people = (await ada.call("GET", f"/api/conversations/{room}/participants"))[1]
        [user_id] = [p["user_id"] for p in people["participants"] if p["username"] == "Ben"]
        await ada.ask("remove_participant", {"room_id": room, "user_id": user_id})
        told = await heard.hears("removed")
        assert told.data["reason"] == "removed"
        await ada.say(room, "Now that Ben is gone")
        await heard.ends()
        assert heard.texts() == []
    status, code, _ = await refusal(server.url, room, Authorization=f"Bearer {ben.token}")
    assert (status, code) == (404, "conversation_not_found")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"locked": True}, "locked"),
        ({"knock": True}, "knock_required"),
        ({"passphrase": "open sesame"}, "passphrase_required"),
    ],
)
async def test_a_closed_door_keeps_strangers_out_and_ends_their_streams(
    server: Running, person: Arrive, change: dict[str, object], code: str
) -> None:
    ada, room = await owner(person)
    ben = await joined(person, "Ben", room)
    async with (
        hearing(server.url, room) as stranger,
        hearing(server.url, room, token=ben.token) as member,
    ):
        await stranger.hears("conversation_state")
        await member.hears("conversation_state")
        await ada.ask("change_conversation", {"room_id": room, **change})
        told = await stranger.hears("removed")
        assert told.data["reason"] == "closed"
        await stranger.ends()
        await ada.say(room, "Among us")
        await member.hears("new_message")
    assert (await refusal(server.url, room))[1] == code


async def test_a_stream_makes_nobody_a_participant_and_nobody_online(
    server: Running, person: Arrive
) -> None:
    ada, room = await owner(person)
    ben = person("Ben")
    await ben.joins_over_rest(room)
    async with hearing(server.url, room, token=ben.token) as heard:
        await heard.hears("conversation_state")
        _, reply = await ada.call("GET", f"/api/conversations/{room}")
        online = [p["username"] for p in reply["conversation"]["participants"] if p["online"]]
        assert online == ["Ada"]
        assert ada.all_heard("user_joined") == []


async def test_an_owner_hears_who_knocks_and_strangers_do_not(
    server: Running, person: Arrive
) -> None:
    ada, room = await owner(person)
    cleo = person("Cleo")
    async with hearing(server.url, room, token=ada.token) as heard:
        await heard.hears("conversation_state")
        await ada.ask("change_conversation", {"room_id": room, "knock": True})
        await cleo.connect()
        await cleo.ask("knock", {"room_id": room, "username": "Cleo"})
        told = await heard.hears("knocked")
        assert told.data["username"] == "Cleo"


async def test_a_session_that_signs_its_token_away_is_cut_off(
    server: Running, person: Arrive
) -> None:
    _, room = await owner(person)
    ben = await joined(person, "Ben", room)
    async with hearing(server.url, room, token=ben.token) as heard:
        await heard.hears("conversation_state")
        await ben.call("POST", f"/api/conversations/{room}/leave")
        assert (await heard.hears("removed")).data["reason"] == "left"
        await heard.ends()


@pytest.mark.parametrize("name", ["token", "access_token", "auth"])
async def test_a_token_in_the_address_is_refused_and_not_repeated(
    server: Running, person: Arrive, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ada, room = await owner(person)
    assert ada.token is not None
    status, code, text = await refusal(server.url, room, f"?{name}={ada.token}")
    assert (status, code) == (400, "bad_request")
    assert "Authorization" in text
    written = capsys.readouterr()
    assert ada.token not in text + written.out + written.err


async def test_an_unknown_token_and_what_is_no_seq_are_refused(
    server: Running, person: Arrive
) -> None:
    _, room = await owner(person)
    assert (await refusal(server.url, room, Authorization="Bearer nobody"))[1] == "forbidden"
    assert (await refusal(server.url, room, "?since=soon"))[1] == "bad_request"
    last = {"Last-Event-ID": "1e3"}
    assert (await refusal(server.url, room, **last))[1] == "bad_request"
    assert (await refusal(server.url, "nowhere1"))[1] == "conversation_not_found"
