"""Whoever was put out says nothing more, however fast they talk at that moment."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from socketio.exceptions import BadNamespaceError

from tests import lasting
from tests.conftest import each_transport
from tests.effort import times
from tests.people import Json, Person
from tests.security.room import People, done, room_of

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

SOCKETS, ROUNDS, MESSAGES_MAX = 8, times(1, full=3), 400


async def talks_on(socket: Person, room_id: str) -> None:
    """Until the connection is ended."""
    with contextlib.suppress(BadNamespaceError):
        for _ in range(MESSAGES_MAX):
            await socket.tell("send_message", {"room_id": room_id, "message": "Buy!"})
            await asyncio.sleep(0)  # not before the others had their turn


def said_after(heard: list[tuple[str, Json]], user_id: str) -> list[str]:
    """What was said, as an owner heard it, after the removal of somebody was told."""
    names = [(name, data.get("user_id")) for name, data in heard]
    told = names.index(("user_left", user_id))
    return [data["message"] for name, data in heard[told:] if name == "new_message"]


@pytest.mark.longer
@each_transport
async def test_nothing_is_said_by_somebody_who_was_removed(
    person: People, transports: tuple[str, ...]
) -> None:
    ada = person("Ada")
    room_id, path = await room_of(ada)
    for number in range(ROUNDS):
        user_id, mallory = f"mallory-{number}", person(f"Mallory the {number}.")
        await mallory.joins_over_rest(room_id, user_id=user_id)
        sockets = [person(mallory.name, transports) for _ in range(SOCKETS)]
        await asyncio.gather(*(each.join(room_id, token=mallory.token) for each in sockets))
        talking = [asyncio.create_task(talks_on(each, room_id)) for each in sockets]
        await ada.hears("new_message")
        await done(ada, "POST", f"{path}/remove", {"user_id": user_id})
        await asyncio.gather(*talking)
        assert (await ada.say(room_id, "Quiet now"))["ok"]
        await ada.hears("new_message", lambda data: data["message"] == "Quiet now")
        assert said_after(ada.heard, user_id) == ["Quiet now"]
        ada.heard.clear()
