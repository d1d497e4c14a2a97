"""Answers and mentions on the wire: over REST and socket alike, live and after coming back."""

from __future__ import annotations

from collections.abc import Callable

from tests import lasting
from tests.people import Json, Person

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

People = Callable[..., Person]


async def test_an_answer_is_the_same_over_every_transport(
    person: People, transports: tuple[str, ...]
) -> None:
    ada, ben = person("Ada", transports), person("Ben", transports)
    room_id = await ada.starts()
    path = f"/api/conversations/{room_id}/messages"
    await ada.join(room_id, token=ada.token, user_id="ada")
    await ben.join(room_id, user_id="ben")
    first = await ada.say(room_id, "Tea,\nor coffee?")
    told = await ben.say(room_id, "Tea, @Ada", reply_to=first["id"])
    status, posted = await ada.call(
        "POST", path, {"message": "Good, @ben", "reply_to": told["id"], "mentions": ["ben"]}
    )
    assert (told["ok"], status) == (True, 201)
    answer = await ada.hears("new_message", lambda each: bool(each["seq"] == told["seq"]))
    thanks = await ben.hears("new_message", lambda each: bool(each["seq"] == posted["seq"]))
    assert answer["reply_to"] == {
        "id": first["id"],
        "seq": first["seq"],
        "user_id": answer["reply_to"]["user_id"],
        "username": "Ada",
        "excerpt": "Tea, or coffee?",
    }
    assert answer["mentions"] == [answer["reply_to"]["user_id"]]
    assert (thanks["reply_to"]["username"], thanks["reply_to"]["excerpt"]) == ("Ben", "Tea, @Ada")
    assert thanks["mentions"] == ["ben"]
    _, read = await ada.call("GET", path)
    assert read["messages"][1:] == [answer, thanks]


async def test_a_plain_message_carries_nothing_of_it(person: People) -> None:
    ada = person("Ada")
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    await ada.say(room_id, "Hello", reply_to="", mentions=[])
    said = await ada.hears("new_message")
    assert not {"reply_to", "mentions"} & set(said)


async def test_who_was_away_finds_what_an_answer_answers_and_that_it_is_deleted(
    person: People,
) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    await ben.join(room_id)
    first = await ada.say(room_id, "Tea?")
    await ben.disconnect()
    await ada.say(room_id, "Anybody?", reply_to=first["id"])
    await ada.ask("delete_message", {"room_id": room_id, "id": first["id"]})
    await ben.reconnect(auth={"token": ben.token})
    ben.heard.clear()
    await ben.join(room_id, since=first["seq"])
    state = (await ben.hears("conversation_state"))["conversation"]
    answer, deleted = state["messages"]
    assert deleted["deleted"]
    assert answer["reply_to"] == {
        "id": first["id"],
        "seq": first["seq"],
        "user_id": deleted["user_id"],
        "username": "Ada",
        "excerpt": "",
        "deleted": True,
    }


async def refusals(who: Person, room_id: str, **more: object) -> tuple[Json, Json]:
    """Of the same over REST and over a socket."""
    body = {"message": "Tea", **more}
    _, reply = await who.call("POST", f"/api/conversations/{room_id}/messages", body)
    return reply, await who.ask("send_message", {"room_id": room_id, **body})


async def test_what_cannot_be_answered_is_refused_in_a_sentence(person: People) -> None:
    ada = person("Ada")
    room_id, elsewhere = await ada.starts(), await ada.starts()
    await ada.join(room_id, token=ada.token)
    await ada.join(elsewhere, token=ada.token)
    there = (await ada.say(elsewhere, "There"))["id"]
    gone = (await ada.say(room_id, "Gone"))["id"]
    await ada.ask("delete_message", {"room_id": room_id, "id": gone})
    for id, says in ((there, "isn't here"), ("1-made-up", "isn't here"), (gone, "was deleted")):
        for refused in await refusals(ada, room_id, reply_to=id):
            assert refused["code"] == "not_found"
            assert says in refused["error"]


async def test_what_is_no_answer_and_no_choice_is_refused(person: People) -> None:
    ada = person("Ada")
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    wrong: list[tuple[dict[str, object], str]] = [
        ({"reply_to": 7}, "bad_request"),
        ({"reply_to": "x" * 65}, "too_large"),
        ({"mentions": "ben"}, "bad_request"),
        ({"mentions": ["ben"] * 21}, "bad_request"),
        ({"mentions": ["x" * 65]}, "bad_request"),
        ({"mentions": ["a\u0000b"]}, "bad_request"),
    ]
    for fields, code in wrong:
        for refused in await refusals(ada, room_id, **fields):
            assert refused["code"] == code, (fields, refused)
