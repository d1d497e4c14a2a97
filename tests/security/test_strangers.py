"""What an owner does about the door holds for who came in before, and tells strangers nothing."""

from __future__ import annotations

import pytest

from parley.domain import overview
from tests import lasting
from tests.calls import Caller
from tests.people import Json, Person
from tests.security.room import People, done, refused, room_of, takes_link
from tests.servers import Running

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

PASSPHRASE = {"passphrase": "open sesame"}


async def comes_by_passphrase(who: Person, path: str, room_id: str) -> None:
    """In, and listening, without a name."""
    who.token = (await done(who, "POST", f"{path}/enter", PASSPHRASE))["token"]
    await who.connect(auth={"token": who.token})
    assert (await who.ask("watch_room", {"room_id": room_id}))["ok"]


async def hears_nothing(who: Person, ada: Person, room_id: str) -> None:
    """Of what Ada says: it would come before the answer to a question asked after it."""
    assert (await ada.say(room_id, "A secret"))["ok"]
    await who.ask("sync", {"room_id": room_id, "since": 0})
    assert who.all_heard("new_message") == []


async def test_who_is_declined_is_not_told_the_new_link(person: People) -> None:
    ada, sam = person("Ada"), person("Sam")
    room_id, path = await room_of(ada, visibility="unlisted")
    await done(ada, "PATCH", path, {"knock": True})
    await sam.connect()
    knock = await sam.ask("knock", {"room_id": room_id, "username": "Sam"})
    new = (await done(ada, "POST", f"{path}/link"))["room_id"]
    answer = {"room_id": new, "id": knock["id"], "admit": False}
    assert (await ada.ask("answer_knock", answer))["ok"]
    assert (await sam.hears("knock_answered"))["room_id"] == room_id
    assert (await ada.hears("knock_answered"))["room_id"] == new


async def test_who_reads_along_as_a_stranger_is_not_told_the_new_link(person: People) -> None:
    ada, sam = person("Ada"), person("Sam")
    room_id, path = await room_of(ada, visibility="unlisted")
    await sam.connect()
    assert (await sam.ask("watch_room", {"room_id": room_id}))["ok"]
    new = (await done(ada, "POST", f"{path}/link"))["room_id"]
    told = await sam.hears("removed")
    assert (told["room_id"], told["reason"]) == (room_id, "closed")
    await hears_nothing(sam, ada, new)
    assert sam.all_heard("link_replaced") == []


async def test_who_reads_by_a_link_of_their_own_goes_along(person: People) -> None:
    ada, rea = person("Ada"), person("Rea")
    room_id, path = await room_of(ada)
    made = await done(ada, "POST", f"{path}/links", {"role": "reader"})
    await takes_link(rea, made["url"])
    await rea.connect(auth={"token": rea.token})
    assert (await rea.ask("watch_room", {"room_id": room_id}))["ok"]
    new = (await done(ada, "POST", f"{path}/link"))["room_id"]
    assert (await rea.hears("link_replaced"))["new_room_id"] == new
    await ada.say(new, "Still with us?")
    assert (await rea.hears("new_message"))["message"] == "Still with us?"


@pytest.mark.parametrize(
    ("method", "to", "body"),
    [
        ("PATCH", "", {"passphrase": "open barley"}),
        ("PATCH", "", {"passphrase": "", "locked": True}),
        ("POST", "/link", None),
    ],
    ids=["another passphrase", "none any more", "another link"],
)
async def test_who_prepared_to_listen_is_shown_out(
    person: People, method: str, to: str, body: Json | None
) -> None:
    ada, mallory, ben = person("Ada"), person("Mallory"), person("Ben")
    room_id, path = await room_of(ada)
    await done(ada, "PATCH", path, PASSPHRASE)
    await comes_by_passphrase(mallory, path, room_id)
    await ben.join(room_id, **PASSPHRASE)
    await done(ada, method, path + to, body)
    assert (await mallory.hears("removed"))["room_id"] == room_id
    await hears_nothing(mallory, ada, room_id)
    assert await refused(mallory, "GET", path) in (
        "passphrase_required",
        "locked",
        "link_replaced",
    )
    assert (await ben.say(room_id, "I have a name"))["ok"]


async def test_who_was_let_in_and_gave_no_name_is_out_with_the_old_link(person: People) -> None:
    ada, kim = person("Ada"), person("Kim")
    _, path = await room_of(ada)
    await done(ada, "PATCH", path, {"knock": True})
    asked = await done(kim, "POST", f"{path}/knock", {"username": "Kim"})
    kim.token = asked["token"]
    await done(ada, "POST", f"{path}/knocks/{asked['id']}", {"admit": True})
    await done(kim, "GET", path)
    await done(ada, "POST", f"{path}/link")
    assert await refused(kim, "GET", path) == "link_replaced"


async def test_an_owner_sees_who_left_and_how_many_gave_no_name(
    server: Running, person: People
) -> None:
    ada, ben, kim = person("Ada"), person("Ben"), person("Kim")
    room_id, path = await room_of(ada)
    await done(ada, "PATCH", path, PASSPHRASE)
    await comes_by_passphrase(kim, path, room_id)
    mine = await ben.join(room_id, **PASSPHRASE)
    await ben.leave(room_id)
    managed = await done(ada, "GET", f"{path}/manage")
    assert [each["user_id"] for each in managed["left"]] == [mine["user_id"]]
    assert (managed["left_more"], managed["nameless"]) == (0, 1)
    browser = Caller(server.app, "Ada")
    browser.token = ada.token
    page = (await browser.call("GET", f"/conversation/{room_id}/manage")).text
    assert f'<input type="hidden" name="user_id" value="{mine["user_id"]}">' in page
    assert "1 person is reading without a name" in page
    await done(ada, "POST", f"{path}/remove", {"user_id": mine["user_id"]})
    managed = await done(ada, "GET", f"{path}/manage")
    assert managed["left"] == []
    assert [each["user_id"] for each in managed["removed"]] == [mine["user_id"]]
    assert await refused(ben, "GET", path) == "conversation_not_found"


async def test_of_many_who_left_the_latest_are_listed(
    person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "LEFT_LISTED_MAX", 1)
    ada = person("Ada")
    room_id, path = await room_of(ada)
    for name in ("Ben", "Cleo"):
        who = person(name)
        await who.join(room_id)
        await who.leave(room_id)
    managed = await done(ada, "GET", f"{path}/manage")
    assert [each["username"] for each in managed["left"]] == ["Cleo"]
    assert managed["left_more"] == 1


async def test_who_came_by_the_passphrase_reads_on_where_all_may(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada)
    await done(ada, "PATCH", path, PASSPHRASE)
    await comes_by_passphrase(ben, path, room_id)
    await done(ada, "PATCH", path, {"passphrase": ""})
    await ada.say(room_id, "Welcome, all")
    await ben.hears("new_message")
    await done(ada, "PATCH", path, {"locked": True})
    await ben.hears("removed")
