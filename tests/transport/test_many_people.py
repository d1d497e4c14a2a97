"""A conversation of many people: no reply grows with them, and all can be found page by page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from parley import contract
from parley.domain import people
from tests import lasting
from tests.people import Json, Person

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

People = Callable[..., Person]
IN_STATE = 4
MANY = 12


@pytest.fixture(autouse=True)
def _few_go_into_a_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PEOPLE_IN_STATE", IN_STATE)
    monkeypatch.setattr(people, "OWNERS_FIRST_MAX", IN_STATE // 2)


async def many(ada: Person) -> str:
    """Ada's conversation, to which Guest 0 to Guest 11 came without a socket before she did."""
    room_id = await ada.starts()
    for number in range(MANY):
        _, reply = await ada.call(
            "POST",
            f"/api/conversations/{room_id}/join",
            {"username": f"Guest {number}", "user_id": f"guest-{number:02}"},
            headers={"Authorization": ""},
        )
        assert reply["success"], reply
    await ada.join(room_id, token=ada.token)
    return room_id


def names(found: Json) -> list[str]:
    return [each["username"] for each in found["participants"]]


async def page(who: Person, room_id: str, query: str) -> Json:
    status, reply = await who.call("GET", f"/api/conversations/{room_id}/participants?{query}")
    assert status == 200, reply
    return reply


@pytest.mark.long("many people")
async def test_every_reply_holds_the_first_and_counts_all(person: People) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id = await many(ada)
    await cleo.connect()
    await cleo.ask("watch_room", {"room_id": room_id})
    joined = (await ben.joins_over_rest(room_id))["conversation"]
    await ben.join(room_id, token=ben.token, since=0)
    _, read = await ada.call("GET", f"/api/conversations/{room_id}")
    states = [
        joined,
        read["conversation"],
        (await ben.hears("conversation_state"))["conversation"],
        (await cleo.hears("conversation_state"))["conversation"],
    ]
    for state in states:
        assert names(state) == ["Ada", "Guest 0", "Guest 1", "Guest 2"]
        assert [each["online"] for each in state["participants"]] == [True, False, False, False]
    assert [state["participant_count"] for state in states] == [MANY + 2] * 3 + [MANY + 1]
    assert [state["online_count"] for state in states] == [1, 2, 2, 1]


async def test_who_goes_on_from_a_state_has_everybody(person: People) -> None:
    ada = person("Ada")
    room_id = await many(ada)
    state = (await ada.hears("conversation_state"))["conversation"]
    found, cursor = names(state), state["participants_cursor"]
    while cursor:
        reply = await page(ada, room_id, f"limit=5&cursor={cursor}")
        found += names(reply)
        cursor = reply.get("next_cursor")
    # Owners come first, and again where they joined.
    assert found == ["Ada", *(f"Guest {number}" for number in range(MANY)), "Ada"]


async def test_the_pages_are_as_long_as_asked_for(person: People) -> None:
    ada = person("Ada")
    room_id = await many(ada)
    assert len(names(await page(ada, room_id, "limit=5"))) == 5
    whole = await page(ada, room_id, "")
    assert len(names(whole)) == MANY + 1
    assert "next_cursor" not in whole
    for query in (
        "limit=0",
        f"limit={contract.PARTICIPANTS_PAGE_MAX + 1}",
        "limit=all",
        "cursor=nonsense",
    ):
        status, reply = await ada.call("GET", f"/api/conversations/{room_id}/participants?{query}")
        assert (status, reply["code"]) == (400, "bad_request")


async def test_few_people_are_all_there_and_no_cursor_is(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    await ben.join(room_id)
    state = (await ben.hears("conversation_state"))["conversation"]
    assert names(state) == ["Ada", "Ben"]
    assert "participants_cursor" not in state
    assert (state["participant_count"], state["online_count"]) == (2, 2)


async def test_somebody_beyond_the_first_is_told_of_and_can_be_removed(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await many(ada)
    await ben.join(room_id)
    assert (await ada.hears("user_joined"))["participant_count"] == MANY + 2
    await ben.ask("typing", {"room_id": room_id, "is_typing": True})
    assert (await ada.hears("user_typing"))["username"] == "Ben"
    user_id = (await ada.hears("user_joined"))["user_id"]
    assert (await ada.ask("remove_participant", {"room_id": room_id, "user_id": user_id}))["ok"]
    assert (await ada.hears("user_left"))["participant_count"] == MANY + 1


async def test_whom_a_message_can_mean_is_found_by_name_however_many_there_are(
    person: People,
) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Guest of honour")
    room_id = await many(ada)
    for who in (ben, cleo):
        await who.join(room_id)
    await cleo.say(room_id, "Hello")
    for who in (ben, cleo):
        await who.leave(room_id)
    found = await page(ada, room_id, "q=gUEST 1&limit=5")
    assert names(found) == ["Guest 1", "Guest 10", "Guest 11"]
    assert "next_cursor" not in found
    assert names(await page(ada, room_id, "q=honour")) == ["Guest of honour"]  # who has spoken
    assert names(await page(ada, room_id, "q=honour&who=here")) == []
    assert len(names(await page(ada, room_id, "q=guest&who=here&limit=3"))) == 3
    status, _ = await ada.call("GET", f"/api/conversations/{room_id}/participants?who=gone")
    assert status == 400
    assert names(await page(ada, room_id, "q=ben")) == []
    assert len(names(await page(ada, room_id, "q=guest&limit=3"))) == 3
    assert len(names(await page(ada, room_id, "q=&limit=3"))) == 3
