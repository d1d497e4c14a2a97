"""What is decided at one process holds at the others: at once where it is hinted, and within the
time in which positions are compared where no hint comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple

import msgspec
import pytest
from redis.asyncio import Redis

from parley.bus import hints
from parley.bus.hints import Hint
from parley.bus.redis import CHANNEL
from parley.secret import Secret
from parley.storage import secret_file
from tests.cluster.talk import Cluster, cluster_at
from tests.eventually import until
from tests.people import PATIENCE_S, Json, Person
from tests.security.room import done


class Room(NamedTuple):
    id: str
    owner: Person
    """At the first process, as the next is."""
    friend: Person
    guest: Person
    """At the second, as the next is."""
    other: Person


@contextlib.asynccontextmanager
async def room_at(talk: Cluster) -> AsyncIterator[Room]:
    first, second = (server.url for server in talk.servers)
    people = [Person(*each) for each in (("Ada", first), ("Ben", first), ("Cleo", second))]
    people.append(Person("Dora", second))
    owner = people[0]
    try:
        id = await owner.starts()
        for person in people:
            auth = {"token": person.token} if person.token else None
            await person.connect(auth=auth)
            await person.join(id, since=0)
        yield Room(id, *people)
    finally:
        for person in people:
            await person.goes_home()


async def at(room: Room) -> Json:
    """The conversation as it is told over REST."""
    status, reply = await room.owner.call("GET", f"/api/conversations/{room.id}")
    assert status == 200, reply
    found: Json = reply["conversation"]
    return found


async def is_refused(room: Room) -> bool:
    """Whether the guest, of whom the process need not have heard, may say nothing any more."""
    said = {"message": "Still here"}
    status, _ = await room.guest.call("POST", f"/api/conversations/{room.id}/messages", said)
    return status in (403, 404)


def is_of(name: str, data: Json) -> bool:
    return bool(data["username"] == name)


def is_about(title: str, data: Json) -> bool:
    return data.get("title") == title or data.get("conversation", {}).get("title") == title


@pytest.mark.long("tests/cluster/test_talking.py tells most of it")
async def test_what_is_decided_holds_everywhere(place: Path, with_redis: bool) -> None:
    async with cluster_at(place, with_redis=with_redis) as talk, room_at(talk) as room:
        await room.owner.hears("user_joined", lambda data: data["username"] == "Dora")
        await room.guest.tell("typing", {"room_id": room.id, "is_typing": True})
        await room.friend.hears("user_typing")
        said = await room.guest.say(room.id, "Hello")
        assert said["ok"], said
        await room.owner.hears("new_message", lambda data: data["message"] == "Hello")
        await room.other.ask("mark_read", {"room_id": room.id, "seq": said["seq"]})
        await room.friend.hears("read", lambda data: data["seq"] == said["seq"])

        state = await at(room)
        assert state["online_count"] == 4
        assert all(each["online"] for each in state["participants"])

        await room.owner.ask("change_conversation", {"room_id": room.id, "title": "Another"})
        await room.guest.hears("conversation_changed", lambda data: data["title"] == "Another")

        gone = next(each for each in state["participants"] if each["username"] == "Cleo")
        asked = {"room_id": room.id, "user_id": gone["user_id"]}
        assert (await room.owner.ask("remove_participant", asked))["ok"]
        await room.guest.hears("removed")
        assert await is_refused(room)

        replaced = await room.owner.ask("replace_link", {"room_id": room.id})
        link = await room.other.hears("link_replaced")
        assert link["new_room_id"] == replaced["room_id"]
        assert (await room.other.say(link["new_room_id"], "By the new link"))["ok"]

        assert (await room.owner.ask("end_conversation", {"room_id": room.id}))["ok"]
        await room.other.hears("conversation_ended")
        assert (await room.other.say(room.id, "Too late"))["code"] == "conversation_ended"


@pytest.mark.long("several processes start for each")
async def test_without_hints_it_holds_within_the_time_of_comparing(place: Path) -> None:
    async with cluster_at(place, with_redis=True) as talk, room_at(talk) as room:
        assert talk.redis is not None
        talk.redis.kill()
        said = await room.guest.say(room.id, "Hello")
        assert said["ok"], said
        await room.owner.hears("new_message", lambda data: data["message"] == "Hello")

        await room.owner.ask("change_conversation", {"room_id": room.id, "title": "Another"})
        await room.guest.hears("conversation_state", lambda data: is_about("Another", data))

        state = await at(room)
        gone = next(each for each in state["participants"] if each["username"] == "Cleo")
        asked = {"room_id": room.id, "user_id": gone["user_id"]}
        assert (await room.owner.ask("remove_participant", asked))["ok"]
        # In the transaction that would store it, whoever was told of it by then.
        assert await is_refused(room)
        assert (await room.guest.hears("removed"))["reason"] == "removed"

        replaced = await room.owner.ask("replace_link", {"room_id": room.id})
        link = await room.other.hears("link_replaced")
        assert link["new_room_id"] == replaced["room_id"]

        assert (await room.owner.ask("end_conversation", {"room_id": room.id}))["ok"]
        await room.other.hears("conversation_ended")


@pytest.mark.long("several processes start for each")
async def test_who_was_at_a_killed_process_is_gone_within_fifteen_seconds(
    place: Path, with_redis: bool
) -> None:
    async with cluster_at(place, with_redis=with_redis) as talk, room_at(talk) as room:
        await room.owner.hears("user_joined", lambda data: data["username"] == "Dora")
        # Both hold leases for a while: one that has just begun takes nobody for gone.
        talk.servers[1].kill()
        await talk.servers[1].ends()
        left = [
            await room.owner.hears("user_left", partial(is_of, name)) for name in ("Cleo", "Dora")
        ]
        assert sorted(each["participant_count"] for each in left) == [2, 3]
        state = await at(room)
        assert state["online_count"] == state["participant_count"] == 2


@pytest.mark.long("several processes start for each")
async def test_a_person_at_two_processes_leaves_with_the_last_socket(place: Path) -> None:
    flags = ("--leave-grace-s", "0.3")
    async with cluster_at(place, with_redis=True, flags=flags) as talk, room_at(talk) as room:
        again = Person("Dora", talk.servers[0].url)
        again.token = room.other.token
        await again.connect(auth={"token": again.token})
        await again.join(room.id)
        await room.other.disconnect()
        await room.owner.say(room.id, "Is anybody here?")
        await again.hears("new_message")
        state = await at(room)
        assert state["participant_count"] == 4
        await again.goes_home()
        await room.owner.hears("user_left", lambda data: data["username"] == "Dora")
        arrivals = [data for name, data in room.owner.heard if name == "user_joined"]
        assert [data["username"] for data in arrivals].count("Dora") == 1


@pytest.mark.long("several processes start for each")
async def test_who_was_taken_for_gone_and_is_not_is_back(place: Path) -> None:
    """A process that stood still for longer than its lease lasts."""
    async with cluster_at(place, with_redis=True) as talk, room_at(talk) as room:
        await room.owner.hears("user_joined", partial(is_of, "Dora"))
        talk.servers[1].signal(signal.SIGSTOP)
        try:
            await room.owner.hears("user_left", partial(is_of, "Cleo"))
            await room.owner.hears("user_left", partial(is_of, "Dora"))
        finally:
            room.owner.heard.clear()
            talk.servers[1].signal(signal.SIGCONT)
        await room.owner.hears("user_joined", partial(is_of, "Cleo"))
        await room.owner.hears("user_joined", partial(is_of, "Dora"))
        state = await at(room)
        assert state["online_count"] == state["participant_count"] == 4
        await room.guest.goes_home()
        await room.other.hears("user_left", partial(is_of, "Cleo"))


@pytest.mark.long("several processes start for each")
async def test_limits_count_for_all_processes(place: Path) -> None:
    flags = ("--limit-messages", "5/60s session")
    async with cluster_at(place, with_redis=True, flags=flags) as talk, room_at(talk) as room:
        again = Person("Dora", talk.servers[0].url)
        try:
            await again.connect(auth={"token": room.other.token})
            await again.join(room.id)
            answers = [
                await (again if number % 2 else room.other).say(room.id, "Hello")
                for number in range(6)
            ]
        finally:
            await again.goes_home()
        assert [answer["ok"] for answer in answers] == [True] * 5 + [False]
        assert answers[-1]["code"] == "rate_limited"


def chores_of(talk: Cluster) -> int:
    """The process that does the chores."""
    with talk.postgresql.beside() as connection:
        held = connection.execute("SELECT holder FROM leases WHERE name = 'chores'").fetchall()
    return int(held[0][0])


@pytest.mark.long("several processes start for each")
async def test_one_process_does_the_chores_and_another_when_it_is_gone(place: Path) -> None:
    async with cluster_at(place, with_redis=False) as talk:
        before = chores_of(talk)
        talk.servers[0].kill()
        await talk.servers[0].ends()
        await until(lambda: "chores_begun" in talk.servers[1].log.read_text())
        assert chores_of(talk) != before


@pytest.mark.long("numbers are compared twice")
async def test_what_comes_in_another_order_than_it_was_stored_is_told_anew(place: Path) -> None:
    """Two processes that store at the same moment: whose hint comes last was stored first."""
    async with cluster_at(place, with_redis=True) as talk, room_at(talk) as room:
        assert talk.redis is not None
        await room.owner.hears("user_joined", partial(is_of, "Dora"))
        async with Redis(port=talk.redis.port).pubsub() as listening:
            await listening.subscribe(CHANNEL)
            await room.owner.ask("change_conversation", {"room_id": room.id, "title": "First"})
            await room.owner.ask("change_conversation", {"room_id": room.id, "title": "Last"})
            late = await a_hint(listening, talk, "ConversationChanged", "First")
            await room.guest.hears("conversation_changed", partial(is_about, "Last"))
            await says_as_another(talk, late)
            await room.guest.hears("conversation_state", partial(is_about, "Last"))

            await room.other.goes_home()
            await room.friend.hears("user_left", partial(is_of, "Dora"))
            late = await a_hint(listening, talk, "ParticipantLeft", "Dora")
            room.friend.heard.clear()
            await says_as_another(
                talk, late.replace('"participant_count":3', '"participant_count":9')
            )
            await room.friend.hears("user_left", lambda data: data["participant_count"] == 9)
            state = await room.friend.hears("conversation_state")
            assert state["conversation"]["participant_count"] == 3


@pytest.mark.long("several processes start for each")
async def test_who_left_is_gone_whatever_was_heard_late_of_their_coming(place: Path) -> None:
    flags = ("--leave-grace-s", "0.3")
    async with cluster_at(place, with_redis=True, flags=flags) as talk, room_at(talk) as room:
        assert talk.redis is not None
        emil, again = (Person("Emil", talk.servers[1].url) for _ in range(2))
        async with Redis(port=talk.redis.port).pubsub() as listening:
            await listening.subscribe(CHANNEL)
            await emil.join(room.id)
            late = await a_hint(listening, talk, "ParticipantArrived", "Emil")
            await again.connect(auth={"token": emil.token})
            await again.join(room.id)
            room.guest.heard.clear()
            await says_as_another(talk, late)
            await room.guest.hears("user_joined", partial(is_of, "Emil"))
        await emil.goes_home()
        await again.goes_home()
        await room.owner.hears("user_left", partial(is_of, "Emil"))
        assert (await at(room))["online_count"] == 4


def key_of(talk: Cluster) -> bytes:
    secret = Secret(bytes.fromhex((talk.folder / "data" / secret_file.NAME).read_text()))
    return secret.derive("hints", hints.KEY_BYTES)


async def a_hint(listening: Any, talk: Cluster, kind: str, word: str) -> str:
    """The next event of that kind with that word, as it travels."""
    async with asyncio.timeout(PATIENCE_S):
        async for heard in listening.listen():
            if heard["type"] != "message":
                continue
            for hint in hints.read(heard["data"].decode(), key=key_of(talk))[1]:
                event = bytes(hint.event).decode()
                if f'"{kind}"' in event and word in event:
                    return event
    raise AssertionError


async def says_as_another(talk: Cluster, event: str) -> None:
    """It is hinted by a process of which nobody has heard yet."""
    hint = Hint(1, event=msgspec.Raw(event.encode()))
    texts = hints.texts(token_hex(4), [hint], key=key_of(talk), longest=100_000)
    assert talk.redis is not None
    async with Redis(port=talk.redis.port) as saying:
        for text in texts:
            await saying.publish(CHANNEL, text)


@contextlib.asynccontextmanager
async def ana_on_two(talk: Cluster) -> AsyncIterator[tuple[Person, Person]]:
    """Ana's phone and desk, signed in to one account, at a process each; the desk on a socket."""
    phone, desk = (Person("Ana", each.url) for each in talk.servers[:2])
    started = await done(phone, "POST", "/api/account", {"name": "Ana"})
    phone.token = started["token"]
    code = {"code": started["codes"][0]}
    desk.token = (await done(desk, "POST", "/api/account/sign-in", code))["token"]
    try:
        await desk.connect(auth={"token": desk.token})
        yield phone, desk
    finally:
        await phone.goes_home()
        await desk.goes_home()


@pytest.mark.long("several processes start for each")
async def test_a_device_that_is_signed_out_at_another_process_is_out_at_once(
    place: Path, with_redis: bool
) -> None:
    async with (
        cluster_at(place, with_redis=with_redis) as talk,
        room_at(talk) as room,
        ana_on_two(talk) as (phone, desk),
    ):
        await desk.join(room.id)
        await done(phone, "POST", "/api/account/sign-out", {"others": True})
        assert (await desk.hears("removed"))["reason"] == "signed_out"
        await until(lambda: not desk.socket.connected)
        assert (await phone.call("GET", "/api/account"))[1]["account"]["codes_left"] == 9
