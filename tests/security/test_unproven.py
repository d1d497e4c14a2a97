"""Whoever never used their token is marked, is taken up again only from where they came, and has
the last word once they come with it.
"""

from __future__ import annotations

import aiohttp
import pytest

from tests import lasting
from tests.eventually import until
from tests.people import Json, Person
from tests.security import kept
from tests.security.conftest import TRUSTED, Guest, House, Open
from tests.security.room import done

pytestmark = lasting.in_one_loop
servers, opened = kept.servers, kept.opened

HERE, ELSEWHERE = "203.0.113.7", "203.0.113.8"
NEXT_DOOR = {"2001:db8:1:2::3": "2001:db8:1:2:ffff::9"}
TITLE = 'title="There is no proof yet that this is really them"'


async def starts(house: House, **settings: object) -> tuple[Guest, str]:
    """Ada's conversation, with her in it on a socket, proven."""
    ada = house.guest("Ada", "198.51.100.1")
    room_id = await ada.starts()
    await ada.connect(auth={"token": ada.token})
    await ada.join(room_id)
    if settings:
        await done(ada, "PATCH", f"/api/conversations/{room_id}", settings)
    return ada, room_id


async def tries(who: Person, room_id: str, **more: str) -> Json:
    """To be Ben, on a socket that has no credential."""
    if not who.socket.connected:
        await who.connect()
    return await who.ask("join_room", {"room_id": room_id, "user_id": "ben-1", **more})


async def people(who: Person, room_id: str) -> dict[str, Json]:
    reply = await done(who, "GET", f"/api/conversations/{room_id}")
    return {each["user_id"]: each for each in reply["conversation"]["participants"]}


@pytest.mark.parametrize("plain", [False, True], ids=["direct", "plain"])
async def test_a_stranger_elsewhere_who_read_the_user_id_is_nobody(
    opened: Open, transports: tuple[str, ...], plain: bool
) -> None:
    async with opened(trusted_proxies=TRUSTED, plain=plain) as house:
        _, room_id = await starts(house)
        ben, mallory = house.guest("Ben", HERE), house.guest("Mallory", ELSEWHERE, transports)
        await ben.joins_over_rest(room_id, user_id="ben-1")
        assert (await tries(mallory, room_id))["code"] == "identity_taken"
        join = f"/api/conversations/{room_id}/join"
        assert (await mallory.call("POST", join, {"user_id": "ben-1"}))[0] == 409
        again = house.guest("Ben", HERE, transports)
        assert (await tries(again, room_id))["ok"]
        assert (await again.say(room_id, "It is me"))["ok"]


@pytest.mark.parametrize("first", NEXT_DOOR)
async def test_one_place_is_what_a_household_has(opened: Open, first: str) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        _, room_id = await starts(house)
        await house.guest("Ben", first).joins_over_rest(room_id, user_id="ben-1")
        assert (await tries(house.guest("Ben", NEXT_DOOR[first]), room_id))["ok"]


@pytest.mark.parametrize("way", ["rest", "auth", "join_room"])
async def test_whoever_has_the_token_wins_it_back(
    opened: Open, transports: tuple[str, ...], way: str
) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada, room_id = await starts(house)
        ben, mallory = house.guest("Ben", ELSEWHERE), house.guest("Mallory", HERE, transports)
        await house.guest("Ben", HERE).joins_over_rest(room_id, user_id="ben-1")
        ben.token = house.guests[-1].token
        assert (await tries(mallory, room_id))["ok"]
        assert (await mallory.say(room_id, "I am Ben"))["ok"]
        assert (await mallory.ask("mark_read", {"room_id": room_id, "seq": 1}))["ok"]
        match way:
            case "rest":
                said = {"message": "No, I am"}
                await done(ben, "POST", f"/api/conversations/{room_id}/messages", said)
            case "auth":
                await ben.connect(auth={"token": ben.token})
                assert (await ben.ask("join_room", {"room_id": room_id}))["user_id"] == "ben-1"
            case _:
                assert (await tries(ben, room_id, token=str(ben.token)))["ok"]
        told = await mallory.hears("removed")
        assert (told["room_id"], told["reason"]) == (room_id, "taken_back")
        assert (await mallory.say(room_id, "Still?"))["code"] == "not_joined"
        assert (await tries(mallory, room_id))["code"] == "identity_taken"
        assert (await mallory.ask("join_room", {"room_id": room_id}))["user_id"] != "ben-1"
        assert (await ada.hears("proven"))["user_id"] == "ben-1"
        assert "unproven" not in (await people(ada, room_id))["ben-1"]
        state = await done(ada, "GET", f"/api/conversations/{room_id}")
        assert state["conversation"]["read"] == []  # what Mallory has read
        assert ada.all_heard("user_left") == []
        assert len([x for x in ada.all_heard("user_joined") if x["user_id"] == "ben-1"]) == 1
        assert (await done(ben, "POST", f"/api/conversations/{room_id}/join"))["user_id"] == "ben-1"


async def test_behind_a_passphrase_the_same_goes(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada, room_id = await starts(house)
        ben = house.guest("Ben", HERE)
        await ben.joins_over_rest(room_id, user_id="ben-1")
        await done(ada, "PATCH", f"/api/conversations/{room_id}", {"passphrase": "open sesame"})
        for address in (HERE, ELSEWHERE):
            mallory = house.guest("Mallory", address)
            assert (await tries(mallory, room_id))["code"] == "passphrase_required"
            knows = await tries(mallory, room_id, passphrase="open sesame")
            assert knows["code"] == "identity_taken"
        await ben.connect(auth={"token": ben.token})
        assert (await ben.ask("join_room", {"room_id": room_id}))["user_id"] == "ben-1"


async def test_who_came_in_by_a_knock_takes_up_nobody_elsewhere(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada, room_id = await starts(house)
        await house.guest("Ben", HERE).joins_over_rest(room_id, user_id="ben-1")
        await done(ada, "PATCH", f"/api/conversations/{room_id}", {"knock": True})
        mallory = house.guest("Mallory", ELSEWHERE)
        own = await mallory.starts()
        mallory.token = None
        assert (await mallory.join(own))["ok"]  # a session made on this socket
        assert (await mallory.ask("knock", {"room_id": room_id, "username": "Mallory"}))["ok"]
        await done(ada, "POST", f"/api/conversations/{room_id}/knocks", {"admit": True})
        await mallory.hears("knock_answered")
        assert (await tries(mallory, room_id))["code"] == "identity_taken"


async def test_at_a_locked_door_nobody_is_taken_up(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada, room_id = await starts(house)
        await house.guest("Ben", HERE).joins_over_rest(room_id, user_id="ben-1")
        await done(ada, "PATCH", f"/api/conversations/{room_id}", {"locked": True})
        assert (await tries(house.guest("Mallory", HERE), room_id))["code"] == "locked"


async def test_everybody_sees_who_is_unproven_until_they_are(
    opened: Open, transports: tuple[str, ...]
) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada, room_id = await starts(house)
        ben = house.guest("Ben", HERE, transports)
        await ben.join(room_id, user_id="ben-1")
        assert (await ada.hears("user_joined"))["unproven"] is True
        await ben.say(room_id, "Hello")
        assert (await ada.hears("new_message"))["unproven"] is True
        assert (await people(ada, room_id))["ben-1"]["unproven"] is True
        assert (
            "unproven"
            not in (await people(ada, room_id))[str((await ada.join(room_id))["user_id"])]
        )
        page = await page_of(house, room_id)
        assert page.count(f"{TITLE}>unproven") == 2  # beside the name, and the message
        ada.heard.clear()
        await done(ben, "GET", f"/api/conversations/{room_id}")  # with the token
        assert (await ada.hears("proven")) == {"room_id": room_id, "user_id": "ben-1"}
        assert ada.all_heard("user_joined") == []
        await ben.say(room_id, "Still me")
        assert "unproven" not in await ada.hears("new_message")
        assert "unproven" not in (await people(ada, room_id))["ben-1"]


async def page_of(house: House, room_id: str) -> str:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{house.url}/conversation/{room_id}") as page,
    ):
        return await page.text()


async def test_visitors_of_our_own_pages_are_never_marked(opened: Open) -> None:
    async with opened() as house:
        ada, room_id = await starts(house)
        jar = aiohttp.CookieJar(unsafe=True)
        path = f"{house.url}/conversation/{room_id}"
        headers = {"Origin": house.url}
        async with aiohttp.ClientSession(cookie_jar=jar, headers=headers) as http:
            async with http.post(f"{path}/join", data={"username": "Cleo"}) as page:
                assert page.status == 200
                assert f"{TITLE}>unproven" not in await page.text()
            join = f"{house.url}/api/conversations/{room_id}/join"
            async with http.post(join, json={}) as reply:
                assert reply.status == 200
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(join, json={"username": "Dora"}) as reply,
        ):
            assert reply.status == 200
        assert [each.get("unproven") for each in (await people(ada, room_id)).values()] == [
            None
        ] * 3


# --- clients that never join again ---

SAYS: dict[str, Json] = {"send_message": {"message": "Back again"}, "typing": {"is_typing": True}}


async def gone(house: House, who: Person) -> None:
    """Its socket is, and nobody was told yet that they left."""
    await who.goes_home()
    await until(lambda: house.server.app.realtime.server.connection_count == 1)


@pytest.mark.parametrize("event", SAYS)
async def test_who_comes_back_by_talking_is_seated_first(
    opened: Open, transports: tuple[str, ...], event: str
) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada, room_id = await starts(house)
        ben = house.guest("Ben", HERE, transports)
        await tries(ben, room_id, username="Ben")
        await gone(house, ben)
        again = house.guest("Ben", HERE, transports)
        await again.connect()
        named = {"room_id": room_id, "user_id": "ben-1", "username": "Ben"}
        assert (await again.ask(event, {**named, **SAYS[event]}))["ok"]
        assert (await again.hears("conversation_state"))["room_id"] == room_id
        if event == "typing":
            assert (await ada.hears("user_typing"))["user_id"] == "ben-1"
        assert (await again.ask("send_message", {**named, "message": "And again"}))["ok"]
        heard = await ada.hears("new_message", lambda event: event["message"] == "And again")
        assert (heard["user_id"], heard["username"], heard["unproven"]) == ("ben-1", "Ben", True)


@pytest.mark.parametrize("event", SAYS)
async def test_who_may_not_be_taken_up_says_nothing_by_being_named(
    opened: Open, event: str
) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada, room_id = await starts(house)
        ben, cleo = house.guest("Ben", HERE), house.guest("Cleo", HERE)
        await tries(ben, room_id)
        await cleo.connect()
        joined = await cleo.ask("join_room", {"room_id": room_id, "user_id": "cleo-1"})
        used = await cleo.ask("join_room", {"room_id": room_id, "token": joined["token"]})
        assert used["user_id"] == "cleo-1"
        await cleo.goes_home()
        owner = (await people(ada, room_id)).keys() - {"ben-1", "cleo-1"}
        assert len(owner) == 1

        async def tells(who: Person, user_id: str) -> object:
            named = {"room_id": room_id, "user_id": user_id}
            return (await who.ask(event, {**named, **SAYS[event]}))["code"]

        mallory, elsewhere = house.guest("Mallory", HERE), house.guest("Mallory", ELSEWHERE)
        await mallory.connect()
        await elsewhere.connect()
        assert await tells(mallory, "ben-1") == "not_joined"  # while he is here himself
        await ben.goes_home()
        for user_id in ("cleo-1", *owner, "nobody", ""):
            assert await tells(mallory, user_id) == "not_joined"
        assert await tells(elsewhere, "ben-1") == "not_joined"
        assert await tells(mallory, "x" * 1_000) == "too_large"
        await done(ada, "POST", f"/api/conversations/{room_id}/remove", {"user_id": "ben-1"})
        assert await tells(mallory, "ben-1") == "not_joined"
        assert (await people(ada, room_id)).keys() <= {"cleo-1", *owner}
        assert ada.all_heard("new_message") == ada.all_heard("user_typing") == []


async def test_who_comes_back_by_talking_keeps_their_name(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada, room_id = await starts(house)
        ben = house.guest("Ben", HERE)
        await tries(ben, room_id, username="Ben")
        await gone(house, ben)
        again = house.guest("Ben", HERE)
        await again.connect()
        named = {"room_id": room_id, "user_id": "ben-1", "username": "Olga", "message": "Hi"}
        assert (await again.ask("send_message", named))["code"] == "identity_mismatch"
        assert (await people(ada, room_id))["ben-1"]["username"] == "Ben"
        assert (await again.ask("send_message", {**named, "username": "Ben"}))["ok"]


# --- where proof is demanded ---


async def test_an_owner_can_demand_proof(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada, room_id = await starts(house, require_proof=True)
        ben = house.guest("Ben", HERE)
        await ben.joins_over_rest(room_id, user_id="ben-1")
        again = house.guest("Ben", HERE)
        assert (await tries(again, room_id))["code"] == "identity_taken"
        said = {"room_id": room_id, "user_id": "ben-1", "message": "It is me"}
        assert (await again.ask("send_message", said))["code"] == "not_joined"
        join = f"/api/conversations/{room_id}/join"
        assert (await again.call("POST", join, {"user_id": "ben-1"}))[0] == 409
        assert (await tries(again, room_id, token=str(ben.token)))["ok"]

        decided = await done(ada, "GET", f"/api/conversations/{room_id}/manage")
        assert decided["require_proof"] is True
        change = {"room_id": room_id, "require_proof": False}
        assert (await ada.ask("change_conversation", change))["ok"]
        acts = await done(ada, "GET", f"/api/conversations/{room_id}/acts")
        assert [each["act"] for each in acts["acts"]] == ["required_no_proof", "required_proof"]
        await house.guest("Cleo", HERE).joins_over_rest(room_id, user_id="cleo-1")
        cleo = house.guest("Cleo", HERE)
        assert (await cleo.joins_over_rest(room_id, user_id="cleo-1"))["user_id"] == "cleo-1"


async def test_a_host_can_demand_proof_everywhere(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED, require_proof="on") as house:
        _, room_id = await starts(house, require_proof=False)
        await house.guest("Ben", HERE).joins_over_rest(room_id, user_id="ben-1")
        assert (await tries(house.guest("Ben", HERE), room_id))["code"] == "identity_taken"


# --- ending what one started, without a token ---


@pytest.mark.parametrize("settings", [{}, {"require_proof": "on"}], ids=["", "proof is required"])
async def test_who_started_it_and_forgot_the_token_may_end_it_by_naming_themselves(
    opened: Open, settings: dict[str, str]
) -> None:
    async with opened(trusted_proxies=TRUSTED, **settings) as house:
        ada = house.guest("Ada", HERE)
        room_id = await ada.starts(user_id="ada-1")
        token, ada.token = ada.token, None
        end, named = f"/api/conversations/{room_id}/end", {"user_id": "ada-1"}
        for body in (None, {}, {"user_id": "ben-1"}, {"user_id": ""}):
            assert (await ada.call("POST", end, body))[0] == 401, body
        assert (await house.guest("Mallory", ELSEWHERE).call("POST", end, named))[0] == 401
        await house.guest("Ben", HERE).joins_over_rest(room_id, user_id="ben-1")
        assert (await house.guests[-1].call("POST", end, named))[
            0
        ] == 403  # who has a token is that
        path = f"/api/conversations/{room_id}"
        assert (await ada.call("PATCH", path, {"title": "Mine", **named}))[0] in (400, 401)
        status, reply = await ada.call("POST", end, named)
        if settings:
            assert status == 401
            return
        assert (status, reply["success"]) == (200, True)
        assert (await ada.call("POST", end, named))[0] == 410
        ada.token = token
        acts = await done(ada, "GET", f"/api/conversations/{room_id}/acts")
        assert [(each["act"], each["who"]) for each in acts["acts"]] == [("ended", "The owner")]


async def test_who_ever_used_the_token_has_to_use_it_to_end(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada = house.guest("Ada", HERE)
        room_id = await ada.starts(user_id="ada-1")
        await ada.joins_over_rest(room_id)
        token, ada.token = ada.token, None
        end = f"/api/conversations/{room_id}/end"
        assert (await ada.call("POST", end, {"user_id": "ada-1"}))[0] == 401
        ada.token = token
        assert (await ada.call("POST", end, {}))[0] == 200


async def test_a_session_that_was_there_before_starts_nothing_that_others_may_end(
    opened: Open,
) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada = house.guest("Ada", HERE)
        await ada.starts(user_id="ada-1")
        room_id = await ada.starts(user_id="ada-1")
        ada.token = None
        end = f"/api/conversations/{room_id}/end"
        assert (await ada.call("POST", end, {"user_id": "ada-1"}))[0] == 401


async def test_to_come_back_by_talking_counts_as_joining(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED, limit_joins="2/1m address") as house:
        _, room_id = await starts(house)
        codes = []
        await house.guest("Ben", HERE).joins_over_rest(room_id, user_id="ben-1")
        for _ in range(3):
            ben = house.guest("Ben", HERE)
            await ben.connect()
            named = {"room_id": room_id, "user_id": "ben-1", "message": "Back"}
            codes.append((await ben.ask("send_message", named)).get("code", "ok"))
            await gone(house, ben)
        assert codes == ["ok", "rate_limited", "rate_limited"]


async def test_who_has_left_is_not_brought_back_by_saying_that_they_stopped_typing(
    opened: Open,
) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        _, room_id = await starts(house)
        ben = house.guest("Ben", HERE)
        await tries(ben, room_id)
        await ben.leave(room_id)
        stopped = {"room_id": room_id, "user_id": "ben-1", "is_typing": False}
        assert (await ben.ask("typing", stopped))["code"] == "not_joined"


async def test_a_wrong_name_seats_nobody(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        _, room_id = await starts(house)
        await house.guest("Ben", HERE).joins_over_rest(room_id, user_id="ben-1")
        mallory = house.guest("Mallory", HERE)
        await mallory.connect()
        named = {"room_id": room_id, "user_id": "ben-1", "username": "Olga", "message": "Hi"}
        assert (await mallory.ask("send_message", named))["code"] == "identity_mismatch"
        assert (await mallory.say(room_id, "Hi"))["code"] == "not_joined"
        assert mallory.all_heard("conversation_state") == []


async def test_what_has_ended_is_told_to_those_alone_who_may_read_it(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada, room_id = await starts(house)
        await house.guest("Ben", HERE).joins_over_rest(room_id, user_id="ben-1")
        path = f"/api/conversations/{room_id}"
        await done(ada, "PATCH", path, {"locked": True})
        await done(ada, "POST", f"{path}/end", {})
        mallory = house.guest("Mallory", HERE)
        await mallory.connect()
        for named in ({}, {"user_id": "ben-1"}):
            said = {"room_id": room_id, "message": "Hi", **named}
            assert (await mallory.ask("send_message", said))["code"] == "locked"


async def test_whoever_takes_somebody_up_has_not_said_what_they_said(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED) as house:
        ada, room_id = await starts(house)
        ben, again = house.guest("Ben", HERE), house.guest("Ben", HERE)
        assert (await tries(ben, room_id))["ok"]
        said = await ben.say(room_id, "Mine")
        assert (await ben.ask("mark_read", {"room_id": room_id, "seq": 1, "hidden": True}))["ok"]
        await gone(house, ben)
        assert (await tries(again, room_id))["ok"]
        asked = {"room_id": room_id, "id": said["id"]}
        assert (await again.ask("delete_message", asked))["code"] == "forbidden"
        shown = {"room_id": room_id, "hidden": False}
        assert (await again.ask("mark_read", shown))["ok"]
        state = await done(ada, "GET", f"/api/conversations/{room_id}")
        assert state["conversation"]["read"] == []
        assert (await ada.ask("delete_message", asked))["ok"]
