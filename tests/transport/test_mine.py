"""What is one's own: listed with what is new, followed live, and told to nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from parley import contract
from parley.domain import participation
from parley.domain.context import Context
from parley.live.following import FOLLOWERS_MAX
from parley.records import Session
from tests import lasting
from tests.calls import Caller
from tests.people import Json, Person
from tests.security.room import People, done, takes_link
from tests.servers import Running

pytestmark = lasting.in_one_loop
config, app, server, person = lasting.config, lasting.served_app, lasting.server, lasting.person

Row = Callable[[Json], bool]


async def mine(who: Caller, query: str = "") -> Json:
    reply = await who.call("GET", f"/api/mine{query}")
    assert reply.status == 200, reply
    return reply.body


async def test_the_list_tells_what_each_is_and_what_was_said_last(ada: Caller, ben: Caller) -> None:
    tea = await ada.starts("Tea", visibility="unlisted")
    await ada.joins(tea)
    await ben.joins(tea)
    hut = await ben.starts("Hut")
    await ada.says(tea, "Who\nbrings   the cake? " * 20)
    await ada.starts("None of Ben's")
    first, second = (await mine(ben))["conversations"]
    assert (first["room_id"], second["room_id"]) == (tea, hut)
    assert (first["role"], second["role"]) == ("member", "owner")
    assert first["join_link"].endswith(f"/conversation/{tea}")
    last = first["last_message"]
    assert last["username"] == "Ada"
    assert last["excerpt"].startswith("Who brings the cake? Who brings")
    assert len(last["excerpt"]) == 120
    assert "last_message" not in second
    assert (first["unread"], second["unread"]) == (1, 0)


async def test_a_stranger_has_none(ada: Caller) -> None:
    await ada.starts("Tea")
    assert await mine(Caller(ada.app, "Sam")) == {"success": True, "conversations": []}


async def test_it_goes_on_page_by_page(ada: Caller) -> None:
    started = [await ada.starts(f"Talk {i}") for i in range(5)]
    found, query = [], "?limit=2"
    while query:
        page = await mine(ada, query)
        found += [row["room_id"] for row in page["conversations"]]
        cursor = page.get("next_cursor")
        query = f"?limit=2&cursor={cursor}" if cursor else ""
    assert found == started[::-1]
    for wrong in ("cursor=nonsense", "cursor=MV8wLjE", "limit=1e1"):  # "1_0.1" is no place
        assert (await ada.call("GET", f"/api/mine?{wrong}")).body["code"] == "bad_request"


async def test_what_one_left_is_not_listed_until_one_is_back(ada: Caller, ben: Caller) -> None:
    room_id = await ada.starts("Tea")
    await ada.joins(room_id)
    await ben.joins(room_id)
    path = f"/api/conversations/{room_id}/leave"
    for who in (ben, ben, ada):
        assert (await who.call("POST", path)).status == 200
    assert (await mine(ben))["conversations"] == []
    # It stays the owner's to decide about.
    assert [row["room_id"] for row in (await mine(ada))["conversations"]] == [room_id]
    await ben.says(room_id, "Back again")
    assert [row["room_id"] for row in (await mine(ben))["conversations"]] == [room_id]


# --- live -----------------------------------------------------------------------------------------


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is new is told again as soon as it is found."""
    monkeypatch.setattr(contract, "GATHER_S", 0.1)


async def follows(person: People, who: Person) -> tuple[Person, list[Json]]:
    """A page of theirs that only lists what is theirs, and what it lists."""
    page = person(who.name)
    await page.connect(auth={"token": who.token})
    ack = await page.ask("follow_mine", {})
    assert ack["ok"], ack
    return page, ack["conversations"]


def row(**wanted: object) -> Row:
    """A `mine_changed` whose row has all that."""
    return lambda told: wanted.items() <= told.get("conversation", {}).items()


async def both(person: People) -> tuple[Person, Person, str]:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts("Tea")
    await ada.join(room_id, token=ada.token)
    await ben.joins_over_rest(room_id)
    return ada, ben, room_id


@pytest.mark.usefixtures("brisk")
async def test_whoever_follows_is_told_what_is_said_and_read(person: People) -> None:
    ada, ben, room_id = await both(person)
    page, listed = await follows(person, ben)
    assert [each["unread"] for each in listed] == [0]
    await ada.say(room_id, "Tea?")
    told = await page.hears("mine_changed", row(unread=1))
    assert told["room_id"] == room_id
    assert told["conversation"]["last_message"]["excerpt"] == "Tea?"
    await ben.call("PUT", f"/api/conversations/{room_id}/read", {"seq": 1})
    await page.hears("mine_changed", row(unread=0, read_seq=1))
    await ada.call("PATCH", f"/api/conversations/{room_id}", {"title": "Cake"})
    await page.hears("mine_changed", row(title="Cake"))
    await ada.call("POST", f"/api/conversations/{room_id}/end")
    await page.hears("mine_changed", row(is_active=False))
    assert page.all_heard("new_message") == []


async def test_many_messages_are_told_at_once(person: People) -> None:
    ada, ben, room_id = await both(person)
    page, _ = await follows(person, ben)
    for i in range(20):
        await ada.say(room_id, f"tea {i}")
    await page.hears("mine_changed", row(unread=20))
    assert len(page.all_heard("mine_changed")) <= 5


@pytest.mark.usefixtures("brisk")
async def test_what_becomes_ones_own_is_told_and_what_is_no_more(person: People) -> None:
    ada, ben, room_id = await both(person)
    page, _ = await follows(person, ben)
    other = await ada.starts("Cake")
    await ben.join(other, token=ben.token)
    await page.hears("mine_changed", row(room_id=other))
    await ben.call("POST", f"/api/conversations/{room_id}/leave")
    gone = await page.hears("mine_changed", lambda told: "conversation" not in told)
    assert gone == {"room_id": room_id}
    await ada.call("DELETE", f"/api/conversations/{other}")
    await page.hears("mine_changed", lambda told: told == {"room_id": other})


@pytest.mark.usefixtures("brisk")
async def test_who_was_removed_hears_nothing_more_nor_the_new_link(person: People) -> None:
    ada, ben, room_id = await both(person)
    page, _ = await follows(person, ben)
    people = (await ada.call("GET", f"/api/conversations/{room_id}"))[1]["conversation"]
    [user_id] = [p["user_id"] for p in people["participants"] if p["username"] == "Ben"]
    path = f"/api/conversations/{room_id}"
    await ada.call("POST", f"{path}/remove", {"user_id": user_id})
    now = (await ada.call("POST", f"{path}/link", {}))[1]["room_id"]
    await ada.say(now, "Among us")
    assert await page.hears("mine_changed") == {"room_id": room_id}
    again, listed = await follows(person, ben)
    assert listed == []
    await ada.say(now, "Still among us")
    mine, _ = await follows(person, ada)
    await ada.say(now, "More")
    await mine.hears("mine_changed", row(room_id=now))
    assert page.all_heard("mine_changed") == [{"room_id": room_id}]
    assert again.all_heard("mine_changed") == []


async def test_a_new_link_is_told_under_the_one_that_is_known(person: People) -> None:
    ada, ben, room_id = await both(person)
    page, _ = await follows(person, ben)
    now = (await ada.call("POST", f"/api/conversations/{room_id}/link", {}))[1]["room_id"]
    told = await page.hears("mine_changed", row(room_id=now))
    assert told["room_id"] == room_id


async def test_who_has_nothing_follows_nothing_and_nothing_is_kept_of_who_goes(
    person: People, server: Running
) -> None:
    ada, ben, room_id = await both(person)
    stranger = person("Sam")
    await stranger.connect()
    assert await stranger.ask("follow_mine", {}) == {"ok": True, "conversations": []}
    following = server.app.realtime.audience.following
    assert following.of == {}
    page, _ = await follows(person, ben)
    assert len(following.of) == 1
    await page.ask("follow_mine", {})
    await page.disconnect()
    while following.of:
        await ada.ask("sync", {"room_id": room_id, "since": 0})
    await ada.say(room_id, "Tea?")
    assert stranger.all_heard("mine_changed") == []


@pytest.mark.parametrize("data", [None, "text", 17, []], ids=str)
async def test_following_takes_an_object_whatever_its_fields(person: People, data: object) -> None:
    page = await person("Ada").connect()
    assert (await page.ask("follow_mine", data))["code"] == "bad_request"
    for fields in ({}, {"room_id": 5}, {"room_id": "nowhere"}):
        assert (await page.ask("follow_mine", fields))["ok"]


async def test_a_renewed_token_ends_what_follows_by_the_one_before(
    server: Running, person: People
) -> None:
    ada, ben, _room_id = await both(person)
    page, _ = await follows(person, ben)
    other = person("Cleo")
    elsewhere = await other.starts("Coffee")
    joined = await page.ask("join_room", {"room_id": elsewhere, "token": other.token})
    assert joined["ok"], joined  # as whom it is from now on
    following = server.app.realtime.audience.following
    assert len(following.of) >= 1
    path = f"/api/conversations/{await ada.starts('Third')}"
    _, link = await ada.call("POST", f"{path}/links", {"role": "member"})
    await takes_link(ben, link["url"])
    assert following.of == {}


@pytest.mark.usefixtures("brisk")
async def test_what_is_joined_over_rest_is_told_and_what_is_said_there(person: People) -> None:
    ada, ben, _room_id = await both(person)
    page, _ = await follows(person, ben)
    second = await ada.starts("Coffee")
    await ben.joins_over_rest(second)
    await page.hears("mine_changed", row(room_id=second, title="Coffee"))
    await done(ada, "POST", f"/api/conversations/{second}/join", {})
    await done(ada, "POST", f"/api/conversations/{second}/messages", {"message": "Milk?"})
    await page.hears("mine_changed", row(room_id=second, unread=1))
    await done(ben, "POST", f"/api/conversations/{second}/messages", {"message": "Yes"})
    await page.hears("mine_changed", row(room_id=second, unread=0))


async def test_it_is_read_once_for_all_who_follow_by_one_session(
    person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben, room_id = await both(person)
    pages = [(await follows(person, ben))[0] for _ in range(5)]
    read: list[int] = []
    usual = participation.some

    async def counted(context: Context, session: Session, ids: list[int]) -> dict[int, Any]:
        read.append(session.id)
        return await usual(context, session, ids)

    monkeypatch.setattr(participation, "some", counted)
    await ada.say(room_id, "Tea?")
    for page in pages:
        await page.hears("mine_changed", row(unread=1))
    assert len(read) == 1


async def test_of_one_session_so_many_sockets_follow(server: Running, person: People) -> None:
    _ada, ben, _room_id = await both(person)
    pages = [(await follows(person, ben))[0] for _ in range(FOLLOWERS_MAX + 1)]
    [sids] = server.app.realtime.audience.following.of.values()
    assert len(sids) == FOLLOWERS_MAX < len(pages)
