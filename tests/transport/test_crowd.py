"""Many in one conversation: what is told grows with their number, not with its square."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from parley import contract
from tests.people import Person

People = Callable[..., Person]
FEW = 3
MANY = 20


@pytest.fixture(autouse=True)
def _small_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "CROWD", FEW)
    monkeypatch.setattr(contract, "GATHER_S", 0.5)


@pytest.mark.long("many people")
async def test_who_comes_to_many_is_gathered_and_the_count_is_right(person: People) -> None:
    ada = person("Ada")
    room_id = await ada.starts()
    await ada.join(room_id)
    others = [person(f"Ben {number}") for number in range(MANY)]
    await asyncio.gather(*(each.join(room_id) for each in others))
    await ada.hears("user_joined", lambda event: event["participant_count"] == MANY + 1)
    told = ada.all_heard("user_joined")
    assert len(told) < MANY
    assert len(told) + sum(event.get("others", 0) for event in told) == MANY
    assert all(event["participant_count"] > FEW for event in told if "others" in event)

    await asyncio.gather(*(each.leave(room_id) for each in others))
    left = await ada.hears("user_left", lambda event: event["participant_count"] == 1)
    assert left["others"] > 0
    assert len(ada.all_heard("user_left")) < MANY

    # Few again: everybody is told of everybody.
    await others[0].join(room_id)
    last = await ada.hears("user_joined", lambda event: event["participant_count"] == 2)
    assert "others" not in last


async def test_many_who_come_at_once_have_all_that_was_said(person: People) -> None:
    ada = person("Ada")
    room_id = await ada.starts()
    await ada.join(room_id)
    others = [person(f"Ben {number}") for number in range(MANY)]

    async def comes(number: int, each: Person) -> None:
        said = await ada.say(room_id, str(number))
        await each.join(room_id)
        state = await each.hears("conversation_state")
        assert state["conversation"]["seq"] >= said["seq"]
        people = [person["username"] for person in state["conversation"]["participants"]]
        assert each.name in people

    await asyncio.gather(*(comes(number, each) for number, each in enumerate(others)))
    last = await ada.say(room_id, "That was all")
    for each in others:
        await each.hears("new_message", lambda message: message["id"] == last["id"])
        [state] = each.all_heard("conversation_state")
        seqs = [message["seq"] for message in state["conversation"]["messages"]]
        seqs += [message["seq"] for message in each.all_heard("new_message")]
        assert seqs == list(range(1, MANY + 2))
