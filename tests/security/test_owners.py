"""What owners decide, holds: at once, for every socket, and for who comes later."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from parley import contract
from parley.app import web_site
from parley.errors import NotJoined
from parley.live.audience import NAMES_MAX
from parley.pages import manage
from tests import lasting
from tests.cases import together
from tests.people import Json
from tests.security.room import People, done, refused, room_of
from tests.servers import Running

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

PASSPHRASE = "open sesame"


def by_name(name: str) -> Callable[[Json], bool]:
    return lambda data: bool(data["username"] == name)


def renamed_to(room_id: str) -> Callable[[Json], bool]:
    return lambda data: bool(data["new_room_id"] == room_id)


# --- removing ---


async def test_who_is_removed_is_out_on_every_socket_and_comes_in_by_none(person: People) -> None:
    ada, ben, phone = person("Ada"), person("Ben"), person("Ben")
    room_id, path = await room_of(ada)
    mine = await ben.join(room_id)
    phone.token = ben.token
    await phone.join(room_id, token=ben.token)
    removal = {"room_id": room_id, "user_id": mine["user_id"]}
    assert (await ada.ask("remove_participant", removal))["ok"]
    for each in (ben, phone):
        told = await each.hears("removed")
        assert (told["room_id"], told["reason"]) == (room_id, "removed")
        await each.socket.eio.wait()  # its connection is ended
    left = await ada.hears("user_left")
    assert left["user_id"] == mine["user_id"]
    assert left["participant_count"] == 1
    assert await refused(ben, "GET", path) == "conversation_not_found"
    await ben.reconnect(auth={"token": ben.token})
    for event, data in (("join_room", {}), ("watch_room", {}), ("send_message", {"message": "x"})):
        ack = await ben.ask(event, {"room_id": room_id, **data})
        assert ack["code"] == "conversation_not_found", event


async def test_the_name_of_who_was_removed_stays_taken(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada)
    await ben.joins_over_rest(room_id, user_id="ben-1")
    await done(ada, "POST", f"{path}/remove", {"user_id": "ben-1"})
    mallory = person("Mallory")
    for name in ("Ben", "BEN", "B\u200ben", "\u0412en"):
        body = {"username": name}
        assert await refused(mallory, "POST", f"{path}/join", body) == "name_taken", name
    taken = {"user_id": "ben-1", "username": "Mallory"}
    assert await refused(mallory, "POST", f"{path}/join", taken) == "identity_taken"


async def test_who_is_let_back_is_who_they_were(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada)
    mine = await ben.joins_over_rest(room_id)
    await done(ada, "POST", f"{path}/remove", {"user_id": mine["user_id"]})
    managed = await done(ada, "GET", f"{path}/manage")
    assert [each["user_id"] for each in managed["removed"]] == [mine["user_id"]]
    await done(ada, "POST", f"{path}/let_back", {"user_id": mine["user_id"]})
    assert (await ben.joins_over_rest(room_id))["user_id"] == mine["user_id"]


async def test_owners_remove_no_founder_and_a_founder_removes_owners(person: People) -> None:
    ada, olga = person("Ada"), person("Olga")
    room_id, path = await room_of(ada)
    mine = await ada.ask("join_room", {"room_id": room_id})
    made = await done(ada, "POST", f"{path}/links", {"role": "owner"})
    code = made["url"].rsplit("/", 1)[1]
    olga.token = (await done(olga, "POST", f"/api/links/{code}"))["token"]
    hers = await olga.join(room_id, token=olga.token)
    assert hers["role"] == "owner"
    body = {"user_id": mine["user_id"]}
    for who in (ada, olga):
        assert await refused(who, "POST", f"{path}/remove", body) == "forbidden"
    await done(ada, "POST", f"{path}/remove", {"user_id": hers["user_id"]})
    assert await refused(olga, "PATCH", path, {"title": "Mine"}) == "conversation_not_found"
    await done(ada, "POST", f"{path}/let_back", {"user_id": hers["user_id"]})
    assert (await olga.joins_over_rest(room_id))["role"] == "member"


async def test_a_revoked_link_takes_back_what_it_gave(person: People) -> None:
    ada, olga = person("Ada"), person("Olga")
    room_id, path = await room_of(ada)
    made = await done(ada, "POST", f"{path}/links", {"role": "owner"})
    code = made["url"].rsplit("/", 1)[1]
    olga.token = (await done(olga, "POST", f"/api/links/{code}"))["token"]
    await olga.join(room_id, token=olga.token)
    await done(ada, "DELETE", f"{path}/links/{made['link']['id']}")
    for who in (ada, olga):
        told = await who.hears("role_changed")
        assert (told["room_id"], told["role"]) == (room_id, "member")
    await olga.say(room_id, "Am I still?")
    assert "role" not in await ada.hears("new_message")
    assert await refused(olga, "PATCH", path, {"title": "Mine"}) == "forbidden"


async def test_a_removed_person_is_still_themselves_elsewhere(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada)
    own_room = await ben.starts()
    mine = await ben.joins_over_rest(room_id)
    await done(ada, "POST", f"{path}/remove", {"user_id": mine["user_id"]})
    await done(ben, "PATCH", f"/api/conversations/{own_room}", {"title": "Still mine"})


# --- the door ---


async def test_a_locked_conversation_lets_nobody_new_in_and_those_inside_go_on(
    person: People,
) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id, path = await room_of(ada)
    await ben.join(room_id)
    await cleo.connect()
    await cleo.ask("watch_room", {"room_id": room_id})
    await done(ada, "PATCH", path, {"locked": True})
    assert (await ben.hears("conversation_changed"))["door"] == "locked"
    assert (await cleo.hears("removed"))["reason"] == "closed"
    assert (await ben.say(room_id, "Still here"))["ok"]
    await ben.reconnect(auth={"token": ben.token})
    await ben.join(room_id, token=ben.token)
    stranger = person("Sam")
    assert await refused(stranger, "GET", path) == "locked"
    assert await refused(stranger, "GET", f"{path}/messages") == "locked"
    assert await refused(stranger, "POST", f"{path}/join") == "locked"
    assert await refused(stranger, "POST", f"{path}/knock", {"username": "Sam"}) == "locked"
    await done(ada, "PATCH", path, {"locked": False})
    await stranger.join(room_id)


async def test_who_knocks_waits_until_an_owner_answers(person: People) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id, path = await room_of(ada)
    await done(ada, "PATCH", path, {"knock": True})
    for who in (ben, cleo):
        await who.connect()
        ack = await who.ask("knock", {"room_id": room_id, "username": who.name})
        assert ack["state"] == "waiting"
        who.token = ack["token"]
    knocks = {who.name: await ada.hears("knocked", by_name(who.name)) for who in (ben, cleo)}
    for name, admit in (("Ben", True), ("Cleo", False)):
        answer = {"room_id": room_id, "id": knocks[name]["id"], "admit": admit}
        assert (await ada.ask("answer_knock", answer))["ok"]
    assert (await ben.hears("knock_answered"))["admitted"] is True
    assert (await cleo.hears("knock_answered"))["admitted"] is False
    await ben.join(room_id)
    ack = await cleo.ask("join_room", {"room_id": room_id})
    assert ack["code"] == "knock_required"
    assert (await done(cleo, "GET", f"{path}/knock"))["state"] == "declined"


async def test_who_knocked_learns_that_the_door_was_locked_or_opened(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada)
    await done(ada, "PATCH", path, {"knock": True})
    ben.token = (await done(ben, "POST", f"{path}/knock", {"username": "Ben"}))["token"]
    await done(ada, "PATCH", path, {"passphrase": PASSPHRASE})
    assert (await done(ben, "GET", f"{path}/knock"))["state"] == "waiting"
    await done(ada, "PATCH", path, {"locked": True})
    assert await refused(ben, "GET", f"{path}/knock") == "locked"
    await done(ada, "PATCH", path, {"locked": False, "knock": False, "passphrase": ""})
    assert (await done(ben, "GET", f"{path}/knock"))["state"] == "not_needed"
    await ben.join(room_id)


async def test_a_knock_is_heard_by_owners_alone(person: People) -> None:
    ada, ben, kim = person("Ada"), person("Ben"), person("Kim")
    room_id, path = await room_of(ada)
    await ben.join(room_id)
    await done(ada, "PATCH", path, {"knock": True})
    await kim.call("POST", f"{path}/knock", {"username": "Kim"})
    await ada.hears("knocked")
    await ada.say(room_id, "Somebody is at the door")
    await ben.hears("new_message")
    assert ben.all_heard("knocked") == []


async def test_whoever_knows_the_passphrase_comes_in(person: People) -> None:
    ada, ben, cleo, mallory = (person(name) for name in ("Ada", "Ben", "Cleo", "Mallory"))
    room_id, path = await room_of(ada)
    await done(ada, "PATCH", path, {"passphrase": PASSPHRASE})
    assert await refused(mallory, "GET", path) == "passphrase_required"
    wrong = {"passphrase": "open barley"}
    assert await refused(mallory, "POST", f"{path}/enter", wrong) == "passphrase_wrong"
    assert await refused(mallory, "GET", path) == "passphrase_required"
    entered = await done(ben, "POST", f"{path}/enter", {"passphrase": PASSPHRASE})
    ben.token = entered["token"]
    await done(ben, "GET", path)
    await ben.join(room_id, token=ben.token)
    await cleo.join(room_id, passphrase=PASSPHRASE)
    assert (await cleo.say(room_id, "Hello"))["ok"]
    await done(ada, "PATCH", path, {"passphrase": ""})
    await done(mallory, "GET", path)


async def test_a_token_from_before_a_right_was_given_proves_nothing_after(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    _, path = await room_of(ada)
    await ben.starts()
    before = ben.token
    await done(ada, "PATCH", path, {"passphrase": PASSPHRASE})
    ben.token = (await done(ben, "POST", f"{path}/enter", {"passphrase": PASSPHRASE}))["token"]
    await done(ben, "GET", path)
    ben.token = before
    assert await refused(ben, "GET", path) == "passphrase_required"
    assert await refused(ben, "POST", f"{path}/join") == "forbidden"


async def test_where_it_is_read_only_members_read(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada)
    await ben.join(room_id)
    await done(ada, "PATCH", path, {"read_only": True})
    assert (await ben.say(room_id, "May I?"))["code"] == "read_only"
    body = {"message": "May I?"}
    assert await refused(ben, "POST", f"{path}/messages", body) == "read_only"
    assert (await ada.say(room_id, "Listen"))["ok"]
    assert (await ben.hears("new_message"))["role"] == "owner"
    await done(ada, "PATCH", path, {"read_only": False})
    assert (await ben.say(room_id, "Thank you"))["ok"]


# --- links ---


async def test_a_replaced_link_says_so_and_who_is_inside_stays(person: People) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id, path = await room_of(ada)
    await ben.join(room_id)
    ack = await ada.ask("replace_link", {"room_id": room_id})
    new = ack["room_id"]
    assert new != room_id
    told = await ben.hears("link_replaced")
    assert (told["room_id"], told["new_room_id"]) == (room_id, new)
    assert await refused(cleo, "GET", path) == "link_replaced"
    assert await refused(cleo, "POST", f"{path}/join") == "link_replaced"
    assert await refused(cleo, "DELETE", f"{path}/messages/none") == "token_required"
    for name in (room_id, new):
        assert (await ben.say(name, f"By {name}"))["ok"]
    await ada.hears("new_message", lambda data: data["message"] == f"By {new}")
    await done(ben, "GET", path)
    await cleo.join(new)
    await ben.reconnect(auth={"token": ben.token})
    assert (await ben.ask("join_room", {"room_id": room_id}))["ok"]
    assert await ben.hears("conversation_state", lambda data: data["room_id"] == new)


async def test_a_link_replaced_many_times_leaves_the_first_and_the_latest_names_inside(
    person: People, server: Running
) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, _ = await room_of(ada)
    await ben.join(room_id)
    for _ in range(NAMES_MAX + 2):
        new = (await ada.ask("replace_link", {"room_id": room_id}))["room_id"]
        told = await ben.hears("link_replaced", renamed_to(new))
    for name in (room_id, told["room_id"], new):
        assert (await ben.say(name, f"By {name}"))["ok"]
    seated = [each.seats for each in server.app.realtime.audience.clients.values()]
    assert [len(seats) for seats in seated if room_id in seats] == [NAMES_MAX] * 2


async def test_a_link_gives_its_role_and_no_more(person: People) -> None:
    ada, rea, mo = person("Ada"), person("Rea"), person("Mo")
    room_id, path = await room_of(ada)
    await done(ada, "PATCH", path, {"locked": True})
    for who, role in ((rea, "reader"), (mo, "member")):
        made = await done(ada, "POST", f"{path}/links", {"role": role, "label": f"For {who.name}"})
        code = made["url"].rsplit("/", 1)[1]
        entered = await done(who, "POST", f"/api/links/{code}")
        assert entered["role"] == role
        who.token = entered["token"]
        await done(who, "POST", f"/api/links/{code}")  # once more, and it counts once
    await done(rea, "GET", path)
    assert await refused(rea, "POST", f"{path}/join") == "forbidden"
    await mo.join(room_id, token=mo.token)
    links = (await done(ada, "GET", f"{path}/manage"))["links"]
    assert [(each["label"], each["uses"]) for each in links] == [("For Mo", 1), ("For Rea", 1)]


async def test_a_revoked_link_opens_nothing_and_its_readers_are_out(person: People) -> None:
    ada, rea, sam = person("Ada"), person("Rea"), person("Sam")
    room_id, path = await room_of(ada)
    await done(ada, "PATCH", path, {"knock": True})
    made = await done(ada, "POST", f"{path}/links", {"role": "reader"})
    code = made["url"].rsplit("/", 1)[1]
    rea.token = (await done(rea, "POST", f"/api/links/{code}"))["token"]
    await rea.connect(auth={"token": rea.token})
    assert (await rea.ask("watch_room", {"room_id": room_id}))["ok"]
    await done(ada, "DELETE", f"{path}/links/{made['link']['id']}")
    assert (await rea.hears("removed"))["reason"] == "closed"
    assert await refused(rea, "GET", path) == "knock_required"
    assert await refused(sam, "POST", f"/api/links/{code}") == "not_found"


async def test_an_owners_link_is_valid_once(person: People) -> None:
    ada, laptop, mallory = person("Ada"), person("Ada"), person("Mallory")
    room_id, path = await room_of(ada)
    made = await done(ada, "POST", f"{path}/links", {"role": "owner", "expires_in_s": 9_999})
    code = made["url"].rsplit("/", 1)[1]
    laptop.token = (await done(laptop, "POST", f"/api/links/{code}"))["token"]
    assert await refused(mallory, "POST", f"/api/links/{code}") == "not_found"
    await done(laptop, "PATCH", path, {"title": "From the laptop"})
    assert (await laptop.joins_over_rest(room_id))["role"] == "owner"


# --- taking away ---


async def test_a_deleted_message_is_gone_for_everybody(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada)
    await ben.join(room_id)
    said = await ben.say(room_id, "Something unkind")
    await ada.say(room_id, "Now, now")
    ack = await ada.ask("delete_message", {"room_id": room_id, "id": said["id"]})
    assert ack["seq"] == 3
    changed = await ben.hears("message_changed")
    assert (changed["message"], changed["deleted"], changed["changed_seq"]) == ("", True, 3)
    history = (await done(ben, "GET", f"{path}/messages"))["messages"]
    assert [(each["seq"], each["message"]) for each in history] == [(1, ""), (2, "Now, now")]
    missed = await ben.ask("sync", {"room_id": room_id, "since": 2})
    assert [each["id"] for each in missed["messages"]] == [said["id"]]
    again = await ada.ask("delete_message", {"room_id": room_id, "id": said["id"]})
    assert again["seq"] == 3


async def test_who_said_it_may_delete_it(person: People) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id, path = await room_of(ada)
    await ben.join(room_id)
    await cleo.join(room_id)
    said = await ben.say(room_id, "Typo")
    where = f"{path}/messages/{said['id']}"
    assert await refused(cleo, "DELETE", where) == "forbidden"
    await done(ben, "DELETE", where)
    assert await refused(ben, "DELETE", f"{path}/messages/1-nothing") == "not_found"
    assert await refused(ben, "DELETE", f"{path}/messages/{'9' * 30}-x") == "not_found"


async def test_a_deleted_conversation_never_was(person: People) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id, path = await room_of(ada)
    await ben.join(room_id)
    await ben.say(room_id, "Hello")
    erased = await done(ada, "DELETE", path)
    assert (erased["messages"], erased["participants"]) == (1, 2)
    assert (await ben.hears("conversation_deleted"))["room_id"] == room_id
    assert (await ben.say(room_id, "Hello?"))["code"] == "conversation_not_found"
    made_up = "/api/conversations/abc12345"
    for who in (ada, ben, cleo):
        assert await who.call("GET", path) == await who.call("GET", made_up)


@together(
    "wish",
    [
        {"title": "x" * 201},
        {"title": 17},
        {"keep_days": 2},
        {"locked": "yes"},
        {"passphrase": "x" * 201},
        {"passphrase": " "},
        {"description": "a\0b"},
    ],
)
async def test_a_wrong_wish_changes_nothing(person: People, wish: Json) -> None:
    ada = person("Ada")
    _, path = await room_of(ada)
    body = {"title": "New", "read_only": True} | wish
    assert await refused(ada, "PATCH", path, body) in ("bad_request", "too_large")
    now = (await done(ada, "GET", path))["conversation"]
    assert (now["title"], now["read_only"]) == ("A talk", False)


async def test_every_act_stands_in_the_owners_list_and_no_secret_does(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada)
    mine = await ben.joins_over_rest(room_id)
    wishes = {"title": "New", "locked": True, "passphrase": PASSPHRASE, "keep_days": 7}
    await done(ada, "PATCH", path, wishes)
    await done(ada, "POST", f"{path}/remove", {"user_id": mine["user_id"]})
    link = await done(ada, "POST", f"{path}/links", {"role": "member", "label": "Family"})
    acts = (await done(ada, "GET", f"{path}/acts"))["acts"]
    told = [(each["who"], each["act"], each["about"]) for each in acts]
    assert told[:2] == [("Ada", "made_link", "member: Family"), ("Ada", "removed", "Ben")]
    assert {act for _, act, _ in told[2:]} == {
        "changed_title",
        "locked",
        "set_passphrase",
        "changed_retention",
    }
    assert PASSPHRASE not in str(acts)
    assert link["url"].rsplit("/", 1)[1] not in str(acts)


def test_every_act_has_words_on_the_page() -> None:
    assert set(manage.ACTS) == set(get_args(contract.ActName))


# --- names ---


@pytest.mark.parametrize("name", ["ada", "\u0410d\u0430", "A\u200bda", "ADA", "\U0001d400da"])
async def test_a_name_that_can_be_taken_for_anothers_is_marked(person: People, name: str) -> None:
    ada, mallory = person("Ada"), person(name)
    room_id, path = await room_of(ada)
    await mallory.join(room_id)
    await mallory.say(room_id, "I am Ada")
    await ada.say(room_id, "I am")
    people = {
        each["username"]: each
        for each in (await done(ada, "GET", path))["conversation"]["participants"]
    }
    assert people["Ada"].get("alike") is None
    assert people["Ada"]["role"] == "owner"
    (other,) = [each for each in people.values() if each["role"] == "member"]
    assert other["alike"] is True
    history = (await done(ada, "GET", f"{path}/messages"))["messages"]
    assert [(each.get("alike"), each.get("role")) for each in history] == [
        (True, None),
        (None, "owner"),
    ]


async def test_other_names_are_not_marked(person: People) -> None:
    ada, adam = person("Ada"), person("Adam")
    room_id, _ = await room_of(ada)
    await adam.join(room_id)
    await adam.say(room_id, "Hello")
    assert "alike" not in await ada.hears("new_message")


async def test_who_is_put_out_before_they_sit_down_does_not_sit_down(
    server: Running, person: People
) -> None:
    ben = person("Ben")
    room_id = await ben.starts()
    await ben.join(room_id, token=ben.token)
    realtime, context = server.app.realtime, web_site(server.app).context
    [client] = [each for each in realtime.audience.clients.values() if room_id in each.seats]
    who = client.seats[room_id].person
    assert who is not None
    context.presence.forget(who)
    with pytest.raises(NotJoined):
        await realtime._site.seating.seat(client, client.credential, room_id, who, None)
    assert client.seats == {}
    assert who.conversation_id not in realtime.audience.rooms


async def test_who_waits_at_a_door_that_goes_is_told(person: People) -> None:
    ada, kim = person("Ada"), person("Kim")
    room_id, path = await room_of(ada)
    await done(ada, "PATCH", path, {"knock": True})
    await kim.connect()
    assert (await kim.ask("knock", {"room_id": room_id, "username": "Kim"}))["state"] == "waiting"
    await done(ada, "DELETE", path)
    assert (await kim.hears("conversation_deleted"))["room_id"] == room_id
