"""Nothing lost, nothing twice, everything in order: also for those who come in meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from parley import contract
from tests import lasting
from tests.effort import some
from tests.people import Person
from tests.raw import event, raw_socket
from tests.servers import Running

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

People = Callable[..., Person]


async def starts_and_joins(ada: Person) -> str:
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    return room_id


async def test_what_one_client_sends_takes_effect_in_order(
    person: People, transports: tuple[str, ...]
) -> None:
    ada, ben = person("Ada", transports), person("Ben", transports)
    room_id = await starts_and_joins(ada)
    await ben.join(room_id)
    for number in range(60):
        await ben.tell("send_message", {"room_id": room_id, "message": str(number)})
        await ben.tell("typing", {"room_id": room_id, "is_typing": number % 2 == 0})
    await ada.hears("new_message", lambda m: m["message"] == "59")
    heard = ada.all_heard("new_message")
    assert [message["message"] for message in heard] == [str(n) for n in range(60)]
    assert [message["seq"] for message in heard] == list(range(1, 61))


async def test_much_said_at_once_reaches_every_client(
    server: Running, person: People, transports: tuple[str, ...]
) -> None:
    ada, ben = person("Ada"), person("Ben", transports)
    room_id = await starts_and_joins(ada)
    await ben.join(room_id)
    await asyncio.gather(*(ada.say(room_id, str(number)) for number in range(20)))
    clients = server.app.realtime.audience.clients.values()
    [id] = {each.seats[room_id].conversation_id for each in clients if room_id in each.seats}
    room = server.app.realtime.audience.rooms[id]
    for number in range(100):  # in one turn of the event loop
        server.app.realtime.server.send_to(room.sids, "user_typing", {"number": number})
    last = await ada.say(room_id, "That was all")
    await ben.hears("new_message", lambda m: m["id"] == last["id"])
    assert [m["number"] for m in ben.all_heard("user_typing")] == list(range(100))


async def test_a_client_need_not_wait_for_its_join(server: Running, person: People) -> None:
    ada = person("Ada")
    room_id = await starts_and_joins(ada)
    async with raw_socket(server.url) as ben:
        await ben.send(
            event("join_room", {"room_id": room_id, "username": "Ben"}),
            event("send_message", {"room_id": room_id, "message": "Hello"}),
            event("typing", {"room_id": room_id, "is_typing": True}),
            event("leave_room", {"room_id": room_id}),
        )
        late = await ben.ask("send_message", {"room_id": room_id, "message": "Too late"})
    assert late["code"] == "not_joined"
    await ada.hears("user_left")
    happened = [name for name, _ in ada.heard if name != "conversation_state"]
    assert happened == ["user_joined", "new_message", "user_typing", "user_left"]


async def test_an_acknowledgement_of_one_event_is_that_of_the_event(person: People) -> None:
    ada = person("Ada")
    room_id = await starts_and_joins(ada)
    acks = await asyncio.gather(*(ada.say(room_id, str(number)) for number in range(30)))
    by_id = {ack["id"]: number for number, ack in enumerate(acks)}
    _, reply = await ada.call("GET", f"/api/conversations/{room_id}")
    for message in reply["conversation"]["messages"]:
        assert message["message"] == str(by_id[message["id"]])


async def stored(somebody: Person, room_id: str, after: int) -> list[str]:
    """The ids of every message with a greater seq, as the history has them."""
    ids: list[str] = []
    while True:
        _, page = await somebody.call(
            "GET", f"/api/conversations/{room_id}/messages?after={after}&limit=200"
        )
        ids += [message["id"] for message in page["messages"]]
        if not page["has_more"]:
            return ids
        after = page["messages"][-1]["seq"]


@pytest.mark.parametrize("crowd", [50, 0], ids=["few", "many"])
@pytest.mark.parametrize("how", some(["join_room", "watch_room"], every=2, why="one tells most"))
async def test_messages_sent_while_people_come_in_reach_each_exactly_once(
    person: People,
    transports: tuple[str, ...],
    how: str,
    crowd: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contract, "CROWD", crowd)  # where many are, a state is read for several
    ada = person("Ada", transports)
    room_id = await starts_and_joins(ada)
    readers = [person(f"Cleo {number}", transports) for number in range(6)]
    for reader in readers:
        await reader.connect()

    async def talks() -> None:
        for number in range(180):
            await ada.tell("send_message", {"room_id": room_id, "message": str(number)})

    async def comes_in(number: int, reader: Person) -> None:
        # Each waits for another moment of the stream.
        await ada.hears("new_message", lambda m: m["seq"] >= 1 + number * 25)
        assert (await reader.ask(how, {"room_id": room_id, "username": reader.name}))["ok"]

    await asyncio.gather(talks(), *(comes_in(n, reader) for n, reader in enumerate(readers)))
    last = await ada.say(room_id, "That was all")
    for reader in readers:
        await reader.hears("new_message", lambda m: m["id"] == last["id"])
        [state] = reader.all_heard("conversation_state")
        shown = state["conversation"]["messages"]
        seen = [m["id"] for m in shown + reader.all_heard("new_message")]
        assert seen == await stored(ada, room_id, after=shown[0]["seq"] - 1 if shown else 0)


async def test_the_state_comes_before_what_happened_after_it(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await starts_and_joins(ada)
    await ben.connect()
    await asyncio.gather(
        ben.ask("join_room", {"room_id": room_id}),
        *(ada.say(room_id, str(number)) for number in range(20)),
    )
    last = await ada.say(room_id, "last")
    await ben.hears("new_message", lambda m: m["id"] == last["id"])
    assert ben.heard[0][0] == "conversation_state"


async def test_the_state_holds_the_newest_hundred_and_says_that_there_is_more(
    person: People,
) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await starts_and_joins(ada)
    await asyncio.gather(*(ada.say(room_id, str(number)) for number in range(101)))
    await ben.join(room_id)
    conversation = (await ben.hears("conversation_state"))["conversation"]
    assert [m["seq"] for m in conversation["messages"]] == list(range(2, 102))
    assert conversation["has_more"] is True
    assert conversation["seq"] == 101


async def test_a_state_of_a_hundred_messages_has_no_more(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await starts_and_joins(ada)
    await asyncio.gather(*(ada.say(room_id, str(number)) for number in range(100)))
    await ben.join(room_id)
    conversation = (await ben.hears("conversation_state"))["conversation"]
    assert len(conversation["messages"]) == 100
    assert conversation["has_more"] is False


async def test_many_who_speak_at_once_are_told_in_one_order(person: People) -> None:
    ada = person("Ada")
    room_id = await starts_and_joins(ada)
    speakers = [person(f"Ben {number}") for number in range(5)]
    for speaker in speakers:
        await speaker.join(room_id)
    await asyncio.gather(
        *(speaker.say(room_id, str(number)) for speaker in speakers for number in range(20))
    )
    for each in (ada, *speakers):
        await each.hears("new_message", lambda m: m["seq"] == 100)
        assert [m["seq"] for m in each.all_heard("new_message")] == list(range(1, 101))
