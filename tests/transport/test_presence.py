"""Who is there: people, not sockets, and with patience for broken connections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import aiohttp
import pytest
import pytest_asyncio

from parley.config import Config
from tests import lasting
from tests.countdowns import NEVER_S
from tests.people import Json, Person, arriving_at
from tests.raw import Socket, event, raw_polling, raw_socket
from tests.servers import Running, running

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

People = Callable[..., Person]


async def starts_and_joins(ada: Person) -> str:
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    return room_id


async def participants(somebody: Person, room_id: str) -> list[Json]:
    _, reply = await somebody.call("GET", f"/api/conversations/{room_id}")
    found: list[Json] = reply["conversation"]["participants"]
    return found


def break_off(socket: Socket) -> None:
    """End it without a word, as a network that fails does."""
    connection = socket._ws._response.connection
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()
    connection.close()


class TestTwoSocketsOfOneSession:
    @pytest_asyncio.fixture(loop_scope="module")
    async def talk(self, person: People) -> tuple[str, Person, Person, Person]:
        ada, ben, ben_too = person("Ada"), person("Ben"), person("Ben")
        room_id = await starts_and_joins(ada)
        await ben.join(room_id)
        await ben_too.join(room_id, token=ben.token)
        return room_id, ada, ben, ben_too

    async def test_are_one_participant(self, talk: tuple[str, Person, Person, Person]) -> None:
        room_id, ada, _, _ = talk
        assert [p["username"] for p in await participants(ada, room_id)] == ["Ada", "Ben"]

    async def test_arrive_once(self, talk: tuple[str, Person, Person, Person]) -> None:
        room_id, ada, _, ben_too = talk
        await ben_too.say(room_id, "From my phone")
        await ada.hears("new_message")
        assert len(ada.all_heard("user_joined")) == 1

    async def test_both_hear_what_one_says(self, talk: tuple[str, Person, Person, Person]) -> None:
        room_id, _, ben, ben_too = talk
        await ben_too.say(room_id, "From my phone")
        assert (await ben.hears("new_message"))["username"] == "Ben"

    async def test_neither_hears_that_the_other_types(
        self, talk: tuple[str, Person, Person, Person]
    ) -> None:
        room_id, ada, ben, ben_too = talk
        await ben_too.ask("typing", {"room_id": room_id, "is_typing": True})
        await ada.hears("user_typing")
        await ada.say(room_id, "Yes?")
        await ben.hears("new_message")
        assert ben.all_heard("user_typing") == []

    async def test_leave_with_the_last(self, talk: tuple[str, Person, Person, Person]) -> None:
        room_id, ada, ben, ben_too = talk
        await ben.ask("leave_room", {"room_id": room_id})
        await ben_too.say(room_id, "Still here")
        await ada.hears("new_message")
        assert ada.all_heard("user_left") == []
        await ben_too.ask("leave_room", {"room_id": room_id})
        assert (await ada.hears("user_left"))["participant_count"] == 1


async def test_a_lost_connection_is_a_leave_after_the_grace(
    person: People, server: Running
) -> None:
    ada = person("Ada")
    room_id = await starts_and_joins(ada)
    async with raw_socket(server.url) as ben:
        ack = await ben.ask("join_room", {"room_id": room_id, "username": "Ben"})
        break_off(ben)
        left = await ada.hears("user_left")
    assert left == {"user_id": ack["user_id"], "username": "Ben", "participant_count": 1}
    assert [p["username"] for p in await participants(ada, room_id)] == ["Ada"]


@pytest.mark.long("a lost connection tells most")
async def test_a_closed_page_is_a_leave_after_the_grace(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await starts_and_joins(ada)
    await ben.join(room_id)
    await ben.disconnect()
    assert (await ada.hears("user_left"))["username"] == "Ben"


@pytest.mark.parametrize("goodbye", ["41", "1"], ids=["socket.io", "engine.io"])
async def test_a_polling_client_that_says_goodbye_leaves_after_the_grace(
    person: People, server: Running, goodbye: str
) -> None:
    ada = person("Ada")
    room_id = await starts_and_joins(ada)
    async with raw_polling(server.url) as ben:
        await ben.send(event("join_room", {"room_id": room_id, "username": "Ben"}, id=1))
        await ben.polls_acks([1])
        await ben.send(goodbye)
        assert (await ada.hears("user_left"))["username"] == "Ben"


@pytest.mark.long("it waits for the grace")
async def test_who_left_after_the_grace_arrives_again(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await starts_and_joins(ada)
    await ben.join(room_id)
    await ben.disconnect()
    await ada.hears("user_left")
    await ben.reconnect(auth={"token": ben.token})
    await ben.join(room_id)
    await ada.say(room_id, "There you are")
    await ada.hears("new_message")
    assert len(ada.all_heard("user_joined")) == 2


async def test_coming_back_within_the_grace_is_neither_leave_nor_arrival(
    own_config: Config,
) -> None:
    async with running(replace(own_config, leave_grace_s=NEVER_S)) as server:
        ada, ben = Person("Ada", server.url), Person("Ben", server.url)
        room_id = await starts_and_joins(ada)
        await ben.join(room_id)
        await ben.disconnect()
        await ben.reconnect(auth={"token": ben.token})
        await ben.join(room_id)
        await ben.say(room_id, "I am back")
        await ada.hears("new_message")
        assert len(ada.all_heard("user_joined")) == 1
        assert ada.all_heard("user_left") == []
        for each in (ada, ben):
            await each.goes_home()


async def test_who_is_away_within_the_grace_is_a_participant_who_is_not_online(
    own_config: Config,
) -> None:
    async with running(replace(own_config, leave_grace_s=NEVER_S)) as server:
        ada = Person("Ada", server.url)
        room_id = await starts_and_joins(ada)
        await ada.disconnect()
        # The server sees the end of a connection a moment after its client.
        while server.app.realtime.server.connection_count:
            await ada.call("GET", "/api/health")
        [found] = await participants(ada, room_id)
        assert (found["username"], found["online"]) == ("Ada", False)
        await ada.goes_home()


async def test_a_join_over_rest_within_the_grace_lasts_beyond_it(own_config: Config) -> None:
    async with running(own_config) as server, arriving_at(server.url) as person:
        ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
        await joins_over_rest_within_the_grace(ada, ben, cleo)


async def joins_over_rest_within_the_grace(ada: Person, ben: Person, cleo: Person) -> None:
    room_id = await starts_and_joins(ada)
    await ben.join(room_id)
    await ben.join(room_id, token=ben.token)
    await cleo.join(room_id)
    await ben.disconnect()
    # The server sees the end of a connection a moment after its client.
    while (await ada.call("GET", "/api/health"))[1]["active_connections"] > 2:
        pass
    await ben.joins_over_rest(room_id)
    await cleo.disconnect()
    # Cleo went later: when she is gone, Ben would be.
    await ada.hears("user_left", lambda data: data["username"] == "Cleo")
    assert [each["username"] for each in ada.all_heard("user_left")] == ["Cleo"]
    found = {each["username"]: each["online"] for each in await participants(ada, room_id)}
    assert found == {"Ada": True, "Ben": False}
    await ben.reconnect()
    await ben.join(room_id, token=ben.token)
    await ben.say(room_id, "I am here")
    await ada.hears("new_message")
    assert len([each for each in ada.all_heard("user_joined") if each["username"] == "Ben"]) == 1
    await ben.disconnect()
    await ada.hears("user_left", lambda data: data["username"] == "Ben")


async def test_one_who_joins_as_somebody_else_is_no_longer_who_they_were(person: People) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id = await starts_and_joins(ada)
    await ben.join(room_id)
    await cleo.joins_over_rest(room_id)
    # The same socket, now with the credential of another session.
    await ben.join(room_id, token=cleo.token, username="Cleo")
    assert (await ada.hears("user_left"))["username"] == "Ben"
    assert (await ben.say(room_id, "Hello"))["ok"]
    assert (await ada.hears("new_message"))["username"] == "Cleo"


async def test_health_counts_open_connections(own_config: Config) -> None:
    async with running(own_config) as server, arriving_at(server.url) as person:
        ada, ben = await person("Ada").connect(), await person("Ben").connect()
        _, health = await ada.call("GET", "/api/health")
        assert health["active_connections"] == 2
        assert ben.socket.connected


async def test_a_reader_who_joins_is_not_told_of_their_own_coming(person: People) -> None:
    ada, cleo = person("Ada"), person("Cleo")
    room_id = await starts_and_joins(ada)
    await cleo.connect()
    assert (await cleo.ask("watch_room", {"room_id": room_id}))["ok"]
    await cleo.join(room_id)
    assert (await ada.hears("user_joined"))["username"] == "Cleo"
    await cleo.say(room_id, "Hello")
    await cleo.hears("new_message")
    assert cleo.all_heard("user_joined") == []


async def test_a_reader_whose_joining_is_refused_reads_on(person: People) -> None:
    ada, cleo = person("Ada"), person("Cleo")
    room_id = await starts_and_joins(ada)
    ada_is = (await participants(ada, room_id))[0]["user_id"]
    await cleo.connect()
    await cleo.ask("watch_room", {"room_id": room_id})
    refused = await cleo.ask("join_room", {"room_id": room_id, "user_id": ada_is})
    assert refused["code"] == "identity_taken"
    await ada.say(room_id, "Still there?")
    assert (await cleo.hears("new_message"))["message"] == "Still there?"


async def test_somebody_who_joins_by_a_form_is_announced(person: People) -> None:
    ada, nora = person("Ada"), person("Nora")
    room_id = await starts_and_joins(ada)
    async with aiohttp.ClientSession() as browser:
        path = f"{nora.url}/conversation/{room_id}/join"
        await browser.post(path, data={"username": "Nora"}, headers={"Origin": nora.url})
    assert (await ada.hears("user_joined"))["username"] == "Nora"
