"""How far people have read: told to those who may know it, and never backwards."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from parley.app import Parley, web_site
from parley.storage import conversations as stored_conversations
from parley.storage import messages as stored_messages
from tests import lasting
from tests.calls import Caller
from tests.media.drawn import flag, saved
from tests.media.recorded import wav
from tests.people import Json, Person
from tests.security.room import People
from tests.uploading import sends, uploads

pytestmark = lasting.in_one_loop
config, app, server, person = lasting.config, lasting.served_app, lasting.server, lasting.person


async def reads_to(who: Caller | Person, room_id: str, seq: int, **more: object) -> Json:
    path = f"/api/conversations/{room_id}/read"
    if isinstance(who, Caller):
        return (await who.call("PUT", path, {"seq": seq, **more})).body
    return (await who.call("PUT", path, {"seq": seq, **more}))[1]


async def mine(who: Caller) -> list[Json]:
    rows: list[Json] = (await who.call("GET", "/api/mine")).body["conversations"]
    return rows


async def own(who: Caller, room_id: str) -> Json:
    [row] = [row for row in await mine(who) if row["room_id"] == room_id]
    return row


async def talk(ada: Caller, ben: Caller, count: int = 3) -> str:
    """A conversation of both, in which Ada said so much."""
    room_id = await ada.starts("Tea")
    await ada.joins(room_id, user_id="ada-1")
    await ben.joins(room_id, user_id="ben-1")
    for i in range(count):
        await ada.says(room_id, f"tea {i}")
    return room_id


async def test_a_position_only_goes_forward_and_never_beyond_the_end(
    ada: Caller, ben: Caller
) -> None:
    room_id = await talk(ada, ben)
    assert await reads_to(ben, room_id, 2) == {"success": True, "read_seq": 2, "hidden": False}
    assert (await reads_to(ben, room_id, 1))["read_seq"] == 2
    assert (await reads_to(ben, room_id, 10**9))["read_seq"] == 3
    await ada.ends(room_id)
    assert (await reads_to(ben, room_id, 10**9))["read_seq"] == 4
    # To read is no change of the conversation.
    assert (await ada.reads(room_id))["seq"] == 4


async def test_what_others_said_is_unread_until_it_is_read(ada: Caller, ben: Caller) -> None:
    room_id = await talk(ada, ben)
    row = await own(ben, room_id)
    assert (row["unread"], row["read_seq"], row["role"]) == (3, 0, "member")
    await reads_to(ben, room_id, 2)
    assert (await own(ben, room_id))["unread"] == 1
    await reads_to(ben, room_id, 3)
    assert (await own(ben, room_id))["unread"] == 0
    assert (await own(ada, room_id))["unread"] == 0, "one's own are read"


async def test_who_speaks_has_read_what_came_before(ada: Caller, ben: Caller) -> None:
    room_id = await talk(ada, ben)
    await ben.says(room_id, "Yes")
    assert (await own(ben, room_id))["unread"] == 0
    await ada.says(room_id, "Good")
    row = await own(ben, room_id)
    assert (row["unread"], row["read_seq"]) == (1, 4)
    assert row["last_message"]["excerpt"] == "Good"


async def test_whoever_comes_new_has_nothing_to_catch_up(ada: Caller, ben: Caller) -> None:
    room_id = await ada.starts("Tea")
    await ada.joins(room_id)
    await ada.says(room_id, "Long ago")
    await ben.joins(room_id)
    assert (await own(ben, room_id))["unread"] == 0


async def test_the_deleted_count_for_nothing_and_many_for_a_hundred(
    ada: Caller, ben: Caller
) -> None:
    room_id = await talk(ada, ben, 104)
    assert (await own(ben, room_id))["unread"] == 100
    await reads_to(ben, room_id, 102)
    said = (await ada.reads(room_id))["messages"][-1]
    await ada.call("DELETE", f"/api/conversations/{room_id}/messages/{said['id']}")
    row = await own(ben, room_id)
    assert row["unread"] == 1
    assert row["last_message"]["deleted"] is True
    assert row["last_message"]["excerpt"] == ""


async def test_who_has_read_how_far_is_in_the_state_of_few(ada: Caller, ben: Caller) -> None:
    room_id = await talk(ada, ben)
    assert (await ada.reads(room_id))["read"] == []
    await reads_to(ben, room_id, 2)
    assert (await ada.reads(room_id))["read"] == [{"user_id": "ben-1", "seq": 2}]
    await ben.call("PUT", f"/api/conversations/{room_id}/read", {"hidden": True})
    assert (await ada.reads(room_id))["read"] == []
    await reads_to(ben, room_id, 3)
    assert (await ada.reads(room_id))["read"] == []
    await ben.call("PUT", f"/api/conversations/{room_id}/read", {"hidden": False})
    assert (await ada.reads(room_id))["read"] == [{"user_id": "ben-1", "seq": 3}]


async def test_of_many_it_is_told_to_nobody(ada: Caller, ben: Caller) -> None:
    room_id = await talk(ada, ben)
    await reads_to(ben, room_id, 3)
    for i in range(19):
        await Caller(ada.app, f"Guest {i}").joins(room_id)
    assert "read" not in await ada.reads(room_id)
    assert (await own(ben, room_id))["unread"] == 0


async def test_who_left_is_told_of_no_more(ada: Caller, ben: Caller) -> None:
    room_id = await talk(ada, ben)
    await reads_to(ben, room_id, 3)
    await ben.call("POST", f"/api/conversations/{room_id}/leave")
    assert (await ada.reads(room_id))["read"] == []


async def test_what_was_missed_is_counted_by_whom(ada: Caller, ben: Caller) -> None:
    room_id = await talk(ada, ben)
    cleo = Caller(ada.app, "Cleo")
    await cleo.joins(room_id, user_id="cleo-1")
    await cleo.says(room_id, "Cake, too")
    path = f"/api/conversations/{room_id}/unread"
    reply = (await ben.call("GET", path)).body
    assert (reply["unread"], reply["seq"], reply["after"]) == (4, 4, 0)
    assert [(each["username"], each["count"]) for each in reply["by"]] == [("Ada", 3), ("Cleo", 1)]
    assert (reply["mentions"], reply["replies"]) == ([], [])
    assert (await ben.call("GET", f"{path}?after=3")).body["unread"] == 1
    # A stranger has no place to begin from but one that they name.
    stranger = Caller(ada.app, "Sam")
    assert (await stranger.call("GET", path)).body["code"] == "not_joined"
    assert (await stranger.call("GET", f"{path}?after=0")).body["unread"] == 4


async def test_what_means_or_answers_one_is_counted_apart(ada: Caller, ben: Caller) -> None:
    room_id = await talk(ada, ben, 5)
    await means_ben(ada, room_id, {2: False, 4: False, 5: True})
    row = await own(ben, room_id)
    assert (row["unread"], row["mentions"]) == (5, 3)
    path = f"/api/conversations/{room_id}/unread"
    reply = (await ben.call("GET", path)).body
    assert (reply["mentions"], reply["replies"]) == ([2, 4], [5])
    await reads_to(ben, room_id, 4)
    row = await own(ben, room_id)
    assert (row["unread"], row["mentions"]) == (1, 1)
    said = (await ada.reads(room_id))["messages"][-1]
    await ada.call("DELETE", f"/api/conversations/{room_id}/messages/{said['id']}")
    row = await own(ben, room_id)
    assert (row["unread"], row["mentions"]) == (0, 0)
    assert (await own(ada, room_id))["mentions"] == 0


async def means_ben(ada: Caller, room_id: str, seqs: dict[int, bool]) -> None:
    """Of these messages it is noted that they mean Ben, or answer him."""

    def work(connection: sa.Connection) -> None:
        conversation = stored_conversations.find(connection, room_id)
        assert conversation is not None
        for said in stored_messages.newest(connection, conversation.id, limit=100):
            if said.seq in seqs:
                stored_messages.mention(connection, said, "ben-1", is_reply=seqs[said.seq])

    await web_site(ada.app).context.database.write(work)


# --- on sockets -----------------------------------------------------------------------------------


async def sit_down(person: People) -> tuple[Person, Person, str]:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts("Tea")
    await ada.join(room_id, token=ada.token, user_id="ada-1")
    await ben.join(room_id, user_id="ben-1")
    return ada, ben, room_id


async def test_the_others_hear_of_it_and_a_new_device_knows_it(person: People) -> None:
    ada, ben, room_id = await sit_down(person)
    await ada.say(room_id, "Tea?")
    assert await ben.ask("mark_read", {"room_id": room_id, "seq": 1}) == {"ok": True}
    assert await ada.hears("read") == {"room_id": room_id, "user_id": "ben-1", "seq": 1}
    laptop = person("Ben")
    ack = await laptop.join(room_id, token=ben.token)
    assert ack["read_seq"] == 1
    state = await laptop.hears("conversation_state")
    assert state["conversation"]["read"] == [{"user_id": "ben-1", "seq": 1}]


async def test_whoever_came_meanwhile_hears_how_far_those_have_read_who_come_back(
    person: People,
) -> None:
    ada, ben, room_id = await sit_down(person)
    await ada.say(room_id, "Tea?")
    await ben.ask("mark_read", {"room_id": room_id, "seq": 1})
    await ben.call("POST", f"/api/conversations/{room_id}/leave")
    await ada.hears("user_left")
    cleo = person("Cleo")
    await cleo.join(room_id)
    state = (await cleo.hears("conversation_state"))["conversation"]
    assert state["read"] == []
    await ben.join(room_id, token=ben.token)
    assert await cleo.hears("read") == {"room_id": room_id, "user_id": "ben-1", "seq": 1}
    names = [name for name, _ in cleo.heard]
    assert names.index("user_joined") < names.index("read")

    # The same of whoever is back by what they do over REST, with what they read meanwhile.
    await ada.say(room_id, "Milk?")
    await ben.call("POST", f"/api/conversations/{room_id}/leave")
    await reads_to(ben, room_id, 2)
    said = await ben.call("POST", f"/api/conversations/{room_id}/messages", {"message": "Yes"})
    assert said[0] == 201
    assert (await cleo.hears("read", lambda data: data["seq"] == 2))["user_id"] == "ben-1"


async def test_who_kept_it_to_themselves_while_away_comes_back_so(person: People) -> None:
    ada, ben, room_id = await sit_down(person)
    await ada.say(room_id, "Tea?")
    await ben.ask("mark_read", {"room_id": room_id, "seq": 1})
    await ben.call("POST", f"/api/conversations/{room_id}/leave")
    await ada.hears("user_left")
    await ben.call("PUT", f"/api/conversations/{room_id}/read", {"hidden": True})
    await ben.join(room_id, token=ben.token)
    gone = {"room_id": room_id, "user_id": "ben-1", "seq": 0, "hidden": True}
    assert await ada.hears("read", lambda data: data["seq"] == 0) == gone
    assert [each["seq"] for each in ada.all_heard("read")] == [1, 0]


async def test_files_that_were_missed_are_counted_by_their_kind(person: People) -> None:
    ada, ben, room_id = await sit_down(person)
    await sends(ada, room_id, await uploads(ada, room_id, name="before.txt"))
    await ben.ask("mark_read", {"room_id": room_id, "seq": 1})
    pictures = [
        await uploads(ada, room_id, saved(flag(), "PNG"), name=f"{i}.png") for i in range(2)
    ]
    await sends(ada, room_id, *pictures, message="The garden")
    await sends(ada, room_id, await uploads(ada, room_id, wav(1), name="rain.wav"))
    await sends(ada, room_id, await uploads(ada, room_id, name="plan.txt"))
    gone = await sends(ada, room_id, await uploads(ada, room_id, name="not this.txt"))
    await ada.call("DELETE", f"/api/conversations/{room_id}/messages/{gone['id']}")
    await sends(ben, room_id, await uploads(ben, room_id, name="his.txt"))
    await uploads(ada, room_id, name="not sent.txt")
    path = f"/api/conversations/{room_id}/unread?after=1"
    reply = (await ben.call("GET", path))[1]
    assert reply["unread"] == 3
    assert reply["files"] == {"pictures": 2, "videos": 0, "audio": 1, "documents": 1}


async def test_who_keeps_it_hidden_is_told_on_their_own_devices_alone(person: People) -> None:
    ada, ben, room_id = await sit_down(person)
    laptop = person("Ben")
    await laptop.join(room_id, token=ben.token)
    await ada.say(room_id, "Tea?")
    await ben.ask("mark_read", {"room_id": room_id, "hidden": True})
    gone = await ada.hears("read")
    assert gone == {"room_id": room_id, "user_id": "ben-1", "seq": 0, "hidden": True}
    await ben.ask("mark_read", {"room_id": room_id, "seq": 1})
    told = await laptop.hears("read", lambda data: data["seq"] == 1)
    assert told["hidden"] is True
    await ben.ask("mark_read", {"room_id": room_id, "hidden": False})
    await ada.hears("read", lambda data: "hidden" not in data)
    assert [each["seq"] for each in ada.all_heard("read")] == [0, 1]
    assert ben.all_heard("read") == [{"room_id": room_id, "user_id": "ben-1", "seq": 1}]


async def test_the_others_hear_nothing_of_who_left(person: People) -> None:
    ada, ben, room_id = await sit_down(person)
    await ada.say(room_id, "Tea?")
    await ben.call("POST", f"/api/conversations/{room_id}/leave")
    await reads_to(ben, room_id, 1)
    cleo = await person("Cleo").connect()
    await cleo.join(room_id)
    await cleo.say(room_id, "Hello")
    await ada.hears("new_message", lambda said: said["message"] == "Hello")
    assert ada.all_heard("read") == []


async def test_in_a_large_room_ones_own_devices_hear_of_it(person: People) -> None:
    ada, ben, room_id = await sit_down(person)
    for i in range(19):
        await person(f"Guest {i}").joins_over_rest(room_id)
    laptop = person("Ben")
    await laptop.join(room_id, token=ben.token)
    await ada.say(room_id, "Tea?")
    await reads_to(ben, room_id, 1)
    assert (await laptop.hears("read"))["seq"] == 1
    await ben.say(room_id, "Yes")
    await ada.hears("new_message", lambda said: said["message"] == "Yes")
    assert ada.all_heard("read") == []


async def test_without_scripts_the_page_has_a_picture_that_marks_it_read(
    ada: Caller, app: Parley
) -> None:
    room_id = await ada.starts("Tea")
    await ada.joins(room_id)
    browser, stranger = Caller(app, "Ben", cookies=True), Caller(app, "Sam", cookies=True)
    await browser.post_form(f"/conversation/{room_id}/join", {"username": "Ben"})
    await ada.says(room_id, "Milk?")
    path = f"/conversation/{room_id}/read?through=1"
    page = (await browser.call("GET", f"/conversation/{room_id}")).text
    assert f'<noscript><img class="visually-hidden" src="{path}"' in page
    assert path not in (await stranger.call("GET", f"/conversation/{room_id}")).text
    assert [row["unread"] for row in await mine(browser)] == [1]
    picture = await browser.call("GET", path)
    assert (picture.status, picture.headers["Content-Type"]) == (200, "image/svg+xml")
    assert [row["unread"] for row in await mine(browser)] == [0]
    assert (await stranger.call("GET", path)).status == 403
    for wrong in ("", "?through=1e1", "?through=%2B1", "?through=1.0"):
        assert (await browser.call("GET", f"/conversation/{room_id}/read{wrong}")).status == 400


@pytest.mark.parametrize("seq", [-1, "1", 1.5, 2**60])
async def test_what_is_no_seq_is_refused(ada: Caller, ben: Caller, seq: object) -> None:
    room_id = await talk(ada, ben, 1)
    reply = await ben.call("PUT", f"/api/conversations/{room_id}/read", {"seq": seq})
    assert (reply.status, reply.body["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"},
        {"Sec-Purpose": "prefetch"},
    ],
    ids=["another site", "a neighbour", "a link", "ahead"],
)
async def test_only_a_page_of_ours_that_is_looked_at_marks_it_read(
    ada: Caller, ben: Caller, headers: dict[str, str]
) -> None:
    room_id = await talk(ada, ben)
    path = f"/conversation/{room_id}/read?through=1"
    assert (await ben.call("GET", path, headers=headers)).status == 403
    state = (await ben.call("GET", f"/api/conversations/{room_id}")).body["conversation"]
    assert state["read"] == []
