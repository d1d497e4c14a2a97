"""The main job: start a conversation, send its link, talk live."""

from __future__ import annotations

from collections.abc import Callable

from tests import lasting
from tests.conftest import each_transport
from tests.people import Person

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

People = Callable[..., Person]


@each_transport
async def test_two_people_talk_live_over_every_transport(
    person: People, transports: tuple[str, ...]
) -> None:
    ada, ben = person("Ada", transports), person("Ben", transports)
    room_id = await ada.starts("Tea")
    await ada.connect(auth={"token": ada.token})
    await ada.join(room_id)
    await ben.join(room_id)

    assert (await ada.hears("user_joined"))["username"] == "Ben"
    sent = await ben.say(room_id, "Hello, Ada")
    assert sent["ok"]
    for each in (ada, ben):
        message = await each.hears("new_message")
        assert message["message"] == "Hello, Ada"
        assert message["username"] == "Ben"
        assert message["seq"] == sent["seq"] == 1


async def test_a_reader_without_a_name_reads_along_live(person: People) -> None:
    ada, cleo = person("Ada"), person("Cleo")
    room_id = await ada.starts()
    await ada.join(room_id)
    await ada.say(room_id, "first")

    await cleo.connect()
    assert (await cleo.ask("watch_room", {"room_id": room_id}))["ok"]
    state = await cleo.hears("conversation_state")
    assert [m["message"] for m in state["conversation"]["messages"]] == ["first"]
    await ada.say(room_id, "second")
    assert (await cleo.hears("new_message"))["message"] == "second"
    assert ada.all_heard("user_joined") == []
