"""Who may do how much: every limit is hit, and who is hit by it is whom it is meant for."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from parley import contract
from parley.app import create_app
from parley.config import Config
from parley.errors import RateLimited
from parley.limits.limiter import Kind, Who
from tests import lasting
from tests.calls import Caller
from tests.effort import some
from tests.people import Json
from tests.security import kept
from tests.security.conftest import (
    ADDRESS,
    ELSEWHERE,
    TRUSTED,
    Clock,
    Guest,
    Open,
    assert_too_much,
    with_settings,
)
from tests.uploading import TUS, adds, begins, files_of, uploads, uploads_of

pytestmark = lasting.in_one_loop
servers, opened = kept.servers, kept.opened


async def history(guest: Guest, room_id: str) -> list[str]:
    _, reply = await guest.call("GET", f"/api/conversations/{room_id}/messages")
    return [message["message"] for message in reply["messages"]]


async def sends_over_rest(guest: Guest, room_id: str, text: str) -> tuple[int, Json]:
    return await guest.call("POST", f"/api/conversations/{room_id}/messages", {"message": text})


# --- messages -----------------------------------------------------------------


async def test_who_says_too_much_is_told_when_to_go_on(
    opened: Open, transports: tuple[str, ...]
) -> None:
    async with opened(limit_messages="3/10s session") as house:
        ada = house.guest("Ada", transports=transports)
        room_id = await ada.sits_down()
        for text in ("one", "two", "three"):
            assert (await ada.say(room_id, text))["ok"]
        assert_too_much(await ada.say(room_id, "four"), 10.0)
        house.clock.goes_on(7.5)
        assert_too_much(await ada.say(room_id, "four"), 2.5)
        house.clock.goes_on(2.5)
        assert (await ada.say(room_id, "five"))["ok"]
        assert await history(ada, room_id) == ["one", "two", "three", "five"]


async def test_what_is_refused_is_not_counted(opened: Open) -> None:
    async with opened(limit_messages="1/10s session") as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        assert (await ada.say(room_id, "one"))["ok"]
        for seconds in range(9, 0, -1):
            house.clock.goes_on(1)
            assert_too_much(await ada.say(room_id, "more"), seconds)
        house.clock.goes_on(1)
        assert (await ada.say(room_id, "two"))["ok"]


async def test_nobody_is_told_of_what_was_refused(opened: Open) -> None:
    async with opened(limit_messages="1/10s session") as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        room_id = await ada.sits_down()
        await ben.sits_down(room_id)
        await ada.say(room_id, "one")
        await ada.say(room_id, "two")
        await ben.say(room_id, "I hear you")
        await ben.hears("new_message", lambda message: message["message"] == "I hear you")
        assert [m["message"] for m in ben.all_heard("new_message")] == ["one", "I hear you"]


async def test_who_asked_for_no_acknowledgement_is_told_by_an_event(opened: Open) -> None:
    async with opened(limit_messages="1/10s session") as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        for text in ("one", "two"):
            await ada.tell("send_message", {"room_id": room_id, "message": text})
        told = await ada.hears("error")
        assert told["code"] == "rate_limited"
        assert told["retry_after"] == 10.0


async def test_rest_and_sockets_share_a_count(opened: Open) -> None:
    async with opened(limit_messages="3/10s session") as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        assert (await ada.say(room_id, "one"))["ok"]
        assert (await sends_over_rest(ada, room_id, "two"))[0] == 201
        assert (await ada.say(room_id, "three"))["ok"]
        status, reply = await sends_over_rest(ada, room_id, "four")
        assert status == 429
        assert_too_much(reply, 10.0)
        assert_too_much(await ada.say(room_id, "five"), 10.0)


async def test_all_sockets_of_a_session_share_a_count(opened: Open) -> None:
    async with opened(limit_messages="2/10s session") as house:
        ada, again = house.guest("Ada"), house.guest("Ada")
        room_id = await ada.sits_down()
        again.token = ada.token
        await again.sits_down(room_id)
        assert (await ada.say(room_id, "one"))["ok"]
        assert (await again.say(room_id, "two"))["ok"]
        assert_too_much(await ada.say(room_id, "three"), 10.0)


async def test_rest_tells_when_to_come_back_in_a_header(opened: Open) -> None:
    async with opened(limit_messages="1/10s session") as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        await ada.say(room_id, "one")
        house.clock.goes_on(0.5)
        headers = {"Authorization": f"Bearer {ada.token}"}
        url = f"{house.url}/api/conversations/{room_id}/messages"
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(url, json={"message": "two"}) as response,
        ):
            assert response.status == 429
            assert response.headers["Retry-After"] == "10"  # not a moment too soon
            assert_too_much(await response.json(), 9.5)


async def test_one_persons_limit_is_nobody_elses(opened: Open) -> None:
    async with opened(limit_messages="1/10s session") as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        room_id = await ada.sits_down()
        await ben.sits_down(room_id)
        assert (await ada.say(room_id, "one"))["ok"]
        assert_too_much(await ada.say(room_id, "two"), 10.0)
        assert (await ben.say(room_id, "three"))["ok"]


async def test_those_at_one_address_share_its_limit(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED, limit_messages="2/10s address") as house:
        ada, ben = house.guest("Ada", ADDRESS), house.guest("Ben", ADDRESS)
        cleo = house.guest("Cleo", ELSEWHERE)
        room_id = await ada.sits_down()
        for each in (ben, cleo):
            await each.sits_down(room_id)
        assert (await ada.say(room_id, "one"))["ok"]
        assert (await sends_over_rest(ben, room_id, "two"))[0] == 201
        assert_too_much(await ada.say(room_id, "three"), 10.0)
        assert_too_much(await ben.say(room_id, "four"), 10.0)
        assert (await cleo.say(room_id, "five"))["ok"]


async def test_those_in_one_room_share_its_limit(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED, limit_messages="2/10s room") as house:
        ada, ben = house.guest("Ada", ADDRESS), house.guest("Ben", ELSEWHERE)
        room_id, other = await ada.sits_down(), await ben.starts()
        await ben.sits_down(room_id)
        await ben.join(other)
        assert (await ada.say(room_id, "one"))["ok"]
        assert (await sends_over_rest(ben, room_id, "two"))[0] == 201
        assert_too_much(await ada.say(room_id, "three"), 10.0)
        status, reply = await sends_over_rest(ben, room_id, "four")
        assert status == 429
        assert_too_much(reply, 10.0)
        assert (await ben.say(other, "five"))["ok"]


async def test_a_stranger_uses_up_nothing_of_a_room(opened: Open) -> None:
    async with opened(limit_messages="2/10s room") as house:
        ada, mallory = house.guest("Ada"), house.guest("Mallory")
        room_id = await ada.sits_down()
        await mallory.connect()
        await mallory.starts()
        for _ in range(4):
            assert (await mallory.say(room_id, "Hm"))["code"] == "not_joined"
            assert (await sends_over_rest(mallory, room_id, "Hm"))[1]["code"] == "not_joined"
        assert (await ada.say(room_id, "one"))["ok"]
        assert (await ada.say(room_id, "two"))["ok"]


async def test_who_only_reads_along_uses_up_nothing_of_a_room(opened: Open) -> None:
    async with opened(limit_messages="2/10s room", limit_typing="2/10s room") as house:
        ada, mallory = house.guest("Ada"), house.guest("Mallory")
        room_id = await ada.sits_down()
        await mallory.connect()
        assert (await mallory.ask("watch_room", {"room_id": room_id}))["ok"]
        typing = {"room_id": room_id, "is_typing": True}
        for _ in range(4):
            assert (await mallory.say(room_id, "Hm"))["code"] == "not_joined"
            assert (await mallory.ask("typing", typing))["code"] == "not_joined"
        for _ in range(2):
            assert (await ada.say(room_id, "Hello"))["ok"]
            assert (await ada.ask("typing", typing))["ok"]


async def test_who_is_refused_as_a_person_uses_up_nothing_of_the_others(opened: Open) -> None:
    async with opened(limit_messages="1/10s session, 3/10s address, 3/10s room") as house:
        ada, ben, cleo = (house.guest(name) for name in ("Ada", "Ben", "Cleo"))
        room_id = await ada.sits_down()
        for each in (ben, cleo):
            await each.sits_down(room_id)
        assert (await ada.say(room_id, "one"))["ok"]
        for _ in range(5):
            assert_too_much(await ada.say(room_id, "more"), 10.0)
        assert (await ben.say(room_id, "two"))["ok"]
        assert (await cleo.say(room_id, "three"))["ok"]


async def test_a_form_that_was_too_much_comes_back_as_it_was_filled_in(default: Config) -> None:
    app = create_app(with_settings(default, limit_messages="1/10s session"))
    app.limits.clock = Clock()
    async with app.test_app():
        visitor = Caller(app, "Cleo", cookies=True)
        started = await visitor.post_form("/conversations", {"title": "Tea"})
        page = started.headers["Location"]
        await visitor.post_form(f"{page}/join", {"username": "Cleo"})
        said = [await visitor.post_form(f"{page}/messages", {"message": text}) for text in "ab"]
        assert [reply.status for reply in said] == [303, 429]
        assert said[1].headers["Retry-After"] == "10"
        assert re.search(r"<textarea[^>]*>\s*b</textarea>", said[1].text)
        assert "Please wait" in said[1].text


# --- what else is limited -----------------------------------------------------


async def test_typing_is_limited(opened: Open) -> None:
    async with opened(limit_typing="2/10s session") as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        typing = {"room_id": room_id, "is_typing": True}
        answers = [await ada.ask("typing", typing) for _ in range(3)]
        assert [answer["ok"] for answer in answers] == [True, True, False]
        assert_too_much(answers[2], 10.0)
        assert (await ada.say(room_id, "Messages are counted by themselves"))["ok"]


async def test_typing_too_often_is_dropped_without_a_word(opened: Open) -> None:
    """As the original system's page does: an event for every key, and none is asked about."""
    async with opened() as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        room_id = await ada.starts()
        await ada.join(room_id)
        await ben.join(room_id)
        for _ in range(80):
            await ben.tell("typing", {"room_id": room_id, "is_typing": True})
        refused = await ben.ask("typing", {"room_id": room_id, "is_typing": False})
        assert refused["code"] == "rate_limited"
        assert ben.all_heard("error") == []
        assert 0 < len(ada.all_heard("user_typing")) < 80
        # What else is wrong with it is told, as ever.
        await ben.tell("typing", {"room_id": room_id, "is_typing": 7})
        assert (await ben.hears("error"))["code"] == "bad_request"


async def test_reading_too_often_is_dropped_without_a_word(opened: Open) -> None:
    async with opened(limit_readings="2/10s session") as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        mark = {"room_id": room_id, "seq": 0}
        for _ in range(3):
            await ada.tell("mark_read", mark)
        assert_too_much(await ada.ask("mark_read", mark), 10.0)
        status, reply = await ada.call("PUT", f"/api/conversations/{room_id}/read", {"seq": 0})
        assert status == 429
        assert_too_much(reply, 10.0)
        assert ada.all_heard("error") == []
        assert (await ada.say(room_id, "Messages are counted by themselves"))["ok"]


async def test_joins_are_limited_however_one_joins(opened: Open) -> None:
    async with opened(limit_joins="3/1m address") as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        room_id = await ada.starts()
        assert (await ada.joins_over_rest(room_id))["success"]
        await ben.connect()
        assert (await ben.ask("watch_room", {"room_id": room_id}))["ok"]
        assert (await ben.ask("join_room", {"room_id": room_id}))["ok"]
        assert_too_much(await ben.ask("join_room", {"room_id": room_id}), 60.0)
        status, reply = await ada.call("POST", f"/api/conversations/{room_id}/join", {})
        assert status == 429
        assert_too_much(reply, 60.0)
        assert (await ben.say(room_id, "Still here"))["ok"]


async def test_a_stream_counts_as_a_join(opened: Open) -> None:
    async with opened(limit_joins="2/1m session") as house:
        ada = house.guest("Ada")
        room_id = await ada.starts()
        stream = f"/api/conversations/{room_id}/events"
        answers = [await ada.call("GET", stream) for _ in range(3)]
        assert [status for status, _ in answers] == [200, 200, 429]
        assert_too_much(answers[2][1], 60.0)


async def test_a_socket_without_a_session_is_counted_by_itself(opened: Open) -> None:
    async with opened(limit_joins="2/1m session") as house:
        room_id = await house.guest("Ada").starts()
        cleo, other = house.guest("Cleo"), house.guest("Mallory")
        for each in (cleo, other):
            await each.connect()
        for each in (cleo, other):
            answers = [await each.ask("watch_room", {"room_id": room_id}) for _ in range(3)]
            assert [answer["ok"] for answer in answers] == [True, True, False]


async def test_the_room_can_limit_who_comes(opened: Open) -> None:
    async with opened(limit_joins="2/1m room") as house:
        people = [house.guest(name) for name in ("Ada", "Ben", "Cleo")]
        room_id, other = await people[0].starts(), await people[1].starts()
        for each in people:
            await each.connect()
        answers = [await each.ask("join_room", {"room_id": room_id}) for each in people]
        assert [answer["ok"] for answer in answers] == [True, True, False]
        assert_too_much(answers[2], 60.0)
        assert (await people[2].ask("join_room", {"room_id": other}))["ok"]


async def test_starting_conversations_is_limited(opened: Open) -> None:
    async with opened(limit_creations="2/1m session, 3/1h address") as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        create: tuple[Any, ...] = ("POST", "/api/conversations/create", {})
        await ada.starts()  # makes her session, which has none of the two yet
        await ada.starts()
        await ada.starts()
        house.clock.goes_on(30)
        assert_too_much((await ada.call(*create))[1], 3570.0)
        assert_too_much((await ben.call(*create))[1], 3570.0)
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{house.url}/conversations", data={"title": "Tea"}) as page,
        ):
            assert page.status == 429
            assert "60 minutes" in await page.text()
        house.clock.goes_on(3570)
        assert (await ben.call(*create))[0] == 201


async def test_searching_is_limited_and_looking_at_the_list_is_not(opened: Open) -> None:
    async with opened(limit_searches="2/10s address") as house:
        ada = house.guest("Ada")
        assert (await ada.call("GET", "/api/conversations?q=tea"))[0] == 200
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{house.url}/conversations?q=tea") as page,
        ):
            assert page.status == 200
        status, reply = await ada.call("GET", "/api/conversations?q=cake")
        assert status == 429
        assert_too_much(reply, 10.0)
        assert (await ada.call("GET", "/api/conversations"))[0] == 200


async def test_searching_messages_is_limited_and_the_page_keeps_what_was_typed(
    default: Config,
) -> None:
    app = create_app(with_settings(default, limit_searches="2/10s session"))
    app.limits.clock = Clock()
    async with app.test_app():
        visitor = Caller(app, "Cleo", cookies=True)
        started = await visitor.post_form("/conversations", {"title": "Tea"})
        path = f"{started.headers['Location']}/search"
        for each in (path, "/search"):
            assert (await visitor.call("GET", f"{each}?q=cake")).status == 200
        for each in (path, "/search"):
            reply = await visitor.call("GET", f"{each}?q=cake")
            assert (reply.status, reply.headers["Retry-After"]) == (429, "10")
            assert "Please wait" in reply.text
            assert re.search(r"<input[^>]* value=\"cake\"", reply.text)
            # Nothing is looked for here.
            assert (await visitor.call("GET", each)).status == 200


async def test_exports_count_as_searches(opened: Open) -> None:
    async with opened(limit_searches="2/10s session") as house:
        ada = house.guest("Ada")
        path = f"/api/conversations/{await ada.starts()}/export"
        assert [(await ada.call("GET", path))[0] for _ in range(3)] == [200, 200, 429]
        house.clock.goes_on(10)
        assert (await ada.call("GET", path))[0] == 200


async def test_looking_people_up_is_limited_and_reading_their_list_is_not(opened: Open) -> None:
    async with opened(limit_searches="2/10s address") as house:
        ada = house.guest("Ada")
        path = f"/api/conversations/{await ada.starts()}/participants"
        for _ in range(2):
            assert (await ada.call("GET", f"{path}?q=ben"))[0] == 200
        status, reply = await ada.call("GET", f"{path}?q=ben")
        assert status == 429
        assert_too_much(reply, 10.0)
        assert (await ada.call("GET", path))[0] == 200


async def test_starting_at_desks_is_limited_by_address_and_making_them_is_an_act(
    opened: Open,
) -> None:
    async with opened(limit_creations="2/1m address", limit_acts="1/1m session") as house:
        ada = house.guest("Ada")
        _, made = await ada.call("POST", "/api/desks", {})
        ada.token, path = made["token"], f"/api/desks/{made['desk']['id']}"
        assert (await ada.call("PATCH", path, {"open": False}))[0] == 200
        for method, at, body in (
            ("PATCH", path, {"open": True}),
            ("DELETE", path, None),
            ("POST", "/api/desks", {}),
        ):
            status, reply = await ada.call(method, at, body)
            assert status == 429, method
            assert_too_much(reply, 60.0)
        for name in ("Ben", "Cleo"):
            assert (await house.guest(name).call("POST", f"{path}/conversations", {}))[0] == 201
        status, reply = await house.guest("Dan").call("POST", f"{path}/conversations", {})
        assert status == 429
        assert_too_much(reply, 60.0)


async def test_wrong_passphrases_are_limited_by_name(opened: Open) -> None:
    async with opened(limit_passphrases="2/1m address") as house:
        limits, who = house.server.app.limits, Who(7, ADDRESS)
        for _ in range(2):
            await limits.require(Kind.PASSPHRASES, who, "tea-room")
            await limits.charge(Kind.PASSPHRASES, who, "tea-room")
        with pytest.raises(RateLimited) as refused:
            await limits.require(Kind.PASSPHRASES, who, "tea-room")
        assert refused.value.retry_after == 60.0
        await limits.require(Kind.PASSPHRASES, Who(7, ELSEWHERE), "tea-room")


# --- owners' acts --------------------------------------------------------------

ACT_CALLS: list[tuple[str, str, Json | None]] = [
    ("DELETE", "/messages/none", None),
    ("PUT", "/messages/none/pin", None),
    ("DELETE", "/messages/none/pin", None),
    ("POST", "/end", {}),
    ("PATCH", "", {"passphrase": "open sesame"}),
    ("DELETE", "", None),
    ("POST", "/remove", {"user_id": "nobody"}),
    ("POST", "/let_back", {"user_id": "nobody"}),
    ("POST", "/knocks/none", {"admit": True}),
    ("POST", "/claims/none", {"admit": True}),
    ("POST", "/knocks", {"admit": False}),
    ("POST", "/link", {}),
    ("POST", "/epochs", {"record": "AA", "read_proof_hash": "A" * 43}),
    ("POST", "/links", {"role": "member"}),
    ("DELETE", "/links/1", None),
    ("POST", "/reports/1/resolve", {}),
    ("POST", "/founder", {"user_id": "nobody"}),
    ("POST", "/role", {"user_id": "nobody", "role": "owner"}),
    ("POST", "/bots", {"name": "Echo"}),
    ("PATCH", "/bots/nobody", {"may": ["write"]}),
    ("POST", "/bots/nobody/token", {}),
    ("DELETE", "/bots/nobody", None),
    ("PUT", "/bots/me/commands", {"commands": []}),
    ("POST", "/hooks", {"name": "Alerts"}),
    ("DELETE", "/hooks/1", None),
    ("POST", "/webhooks", {"url": "https://example.org/told"}),
    ("PATCH", "/webhooks/1", {"paused": True}),
    ("DELETE", "/webhooks/1", None),
    ("POST", "/webhooks/1/deliveries/1/replay", {}),
]
ACT_EVENTS: dict[str, Json] = {
    "delete_message": {"id": "none"},
    "pin_message": {"id": "none", "on": True},
    "answer_knock": {"id": "none", "admit": True},
    "change_conversation": {"passphrase": "open sesame"},
    "remove_participant": {"user_id": "nobody"},
    "let_back": {"user_id": "nobody"},
    "replace_link": {},
    "end_conversation": {},
    "delete_conversation": {},
    "call_moderate": {"act": "end"},
}
ACT_FORMS = [
    "title",
    "door",
    "keep",
    "remove",
    "let-back",
    "answer",
    "revoke",
    "make-bot",
    "bot",
    "bot-token",
    "revoke-bot",
    "resolve",
    "hand-over",
    "role",
    "link",
]


async def test_all_that_owners_do_is_limited_however_they_do_it(opened: Open) -> None:
    async with opened(limit_acts="1/1m session") as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        path = f"/api/conversations/{room_id}"
        status, reply = await ada.call("PATCH", path, {"title": "Tea"})
        assert (status, reply["conversation"]["title"]) == (200, "Tea")
        for method, rest, body in ACT_CALLS:
            status, reply = await ada.call(method, path + rest, body)
            assert status == 429, (method, rest)
            assert_too_much(reply, 60.0)
        for event, data in ACT_EVENTS.items():
            assert_too_much(await ada.ask(event, {"room_id": room_id, **data}), 60.0)
        forms = [f"manage/{act}" for act in (*ACT_FORMS, "replace-link", "delete")] + ["end"]
        forms.append("messages/none/delete")
        headers = {"Authorization": f"Bearer {ada.token}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            for form in forms:
                async with http.post(f"{house.url}/conversation/{room_id}/{form}") as page:
                    assert page.status == 429, form
                    assert page.headers["Retry-After"] == "60"
                    assert "Please wait 60 seconds" in await page.text()
        # Nothing of it happened, and looking is free.
        assert (await ada.call("GET", f"{path}/manage"))[1]["has_passphrase"] is False
        house.clock.goes_on(60)
        assert (await ada.call("PATCH", path, {"locked": True}))[0] == 200


def test_no_act_of_an_owner_is_left_out() -> None:
    """What changes something and is no message, no coming in and no start is an act."""
    others = {"create", "join", "leave", "enter", "knock", "use_link", "send", "edit_message"}
    others |= {"mark_read", "react", "unreact", "upload", "set_still", "set_mail", "unset_mail"}
    others |= {"import", "store_import", "claim", "report", "accept_invitation"}
    others |= {"subscribe", "unsubscribe", "set_notifications"}  # of one's own
    others |= {"pin_conversation", "keep_draft", "answer_ask"}
    others |= {
        call.name
        for calls in (contract.ACCOUNT_CALLS, contract.CONTACT_CALLS, contract.ADMIN_CALLS)
        for call in (*calls, *contract.DESK_CALLS)
    }
    others |= {"invite"}  # which has a limit of its own
    changing = {name for name, call in contract.CALLS.items() if call.method != "GET"}
    assert len(changing - others) == len(ACT_CALLS)
    heard = {"join_room", "watch_room", "leave_room", "knock", "send_message", "sync", "typing"}
    heard |= {"edit_message", "react", "mark_read", "follow_mine"}
    heard |= {"call_join", "call_leave", "call_signal"}
    heard |= {"use_command", "press_button", "answer_ask"}  # as messages
    assert set(contract.CLIENT_EVENTS) - heard == set(ACT_EVENTS)


async def test_calls_and_their_signals_have_limits_of_their_own(opened: Open) -> None:
    async with opened(limit_calls="2/10s session", limit_signals="1/10s session") as house:
        ada = house.guest("Ada")
        room_id = await ada.starts()
        await ada.join(room_id)
        joins = {"room_id": room_id, "audio": True, "video": False}
        mine = await ada.ask("call_join", joins)
        signal = {"room_id": room_id, "to": mine["peer"], "data": {}}
        assert (await ada.ask("call_signal", signal))["ok"]
        assert_too_much(await ada.ask("call_signal", signal), 10.0)
        assert (await ada.ask("call_join", joins))["ok"]
        assert_too_much(await ada.ask("call_join", joins), 10.0)


async def test_a_call_that_is_begun_counts_as_the_message_that_it_leaves(opened: Open) -> None:
    async with opened(limit_messages="2/10s session") as house:
        ada = house.guest("Ada")
        room_id = await ada.starts()
        await ada.join(room_id)
        for _ in range(2):
            joins = {"room_id": room_id, "audio": True, "video": False}
            assert (await ada.ask("call_join", joins))["ok"]
            await ada.hears("call_state", lambda state: state["call"] is not None)
            assert (await ada.ask("call_join", joins))["ok"]
            assert (await ada.ask("call_leave", {"room_id": room_id}))["ok"]
            await ada.hears("call_state", lambda state: state["call"] is None)
            ada.heard.clear()
        assert_too_much(await ada.ask("call_join", joins), 10.0)


async def test_nobody_rings_at_everybody_again_and_again(opened: Open) -> None:
    async with opened(limit_rings="2/1h session, 3/1h room") as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        room_id = await ada.starts()
        for each in (ada, ben):
            await each.join(room_id)

        async def rings(who: Guest) -> Json:
            return await who.ask("call_join", {"room_id": room_id, "audio": True, "video": False})

        for _ in range(2):
            assert (await rings(ben))["ok"]
            assert (await rings(ben))["ok"]  # muting is no new call
            assert (await ben.ask("call_leave", {"room_id": room_id}))["ok"]
        assert_too_much(await rings(ben), 3600.0)
        assert (await rings(ada))["ok"]
        assert (await rings(ben))["ok"]  # coming to a call rings at nobody
        for each in (ada, ben):
            assert (await each.ask("call_leave", {"room_id": room_id}))["ok"]
        assert_too_much(await rings(ada), 3600.0)


async def test_a_call_that_may_not_be_begun_uses_up_nobodys_share(opened: Open) -> None:
    async with opened(limit_rings="1/1h room", limit_messages="1/1h room") as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        room_id = await ada.starts()
        await ada.join(room_id, token=ada.token)
        await ben.join(room_id)
        path = f"/api/conversations/{room_id}"
        await ada.call("PATCH", path, {"read_only": True})
        joins = {"room_id": room_id, "audio": True, "video": False}
        assert (await ben.ask("call_join", joins))["code"] == "read_only"
        assert (await ada.ask("call_join", joins))["ok"]


# --- who is not hit -----------------------------------------------------------


async def test_ten_people_behind_one_address_talk_as_they_like(
    opened: Open, transports: tuple[str, ...]
) -> None:
    async with opened() as house:
        people = [house.guest(f"Ben {number}", transports=transports) for number in range(10)]
        room_id = await people[0].starts()
        await asyncio.gather(*(each.join(room_id) for each in people))

        async def talks(each: Guest) -> None:
            for number in range(8):
                assert (await each.ask("typing", {"room_id": room_id, "is_typing": True}))["ok"]
                assert (await each.say(room_id, str(number)))["ok"]

        await asyncio.gather(*(talks(each) for each in people))
        assert len(await history(people[0], room_id)) == 80


@pytest.mark.long("a whole class")
async def test_a_class_behind_one_address_comes_in_at_once(opened: Open) -> None:
    async with opened() as house:
        teacher = house.guest("Ada")
        room_id = await teacher.starts()
        pupils = [house.guest(f"Pupil {number}") for number in range(30)]
        for _ in range(2):
            await asyncio.gather(*(each.join(room_id) for each in pupils))
            said = [each.say(room_id, "Present") for each in pupils]
            assert all(answer["ok"] for answer in await asyncio.gather(*said))
            await asyncio.gather(*(each.reconnect() for each in pupils))
        assert all(["room_id" in await each.joins_over_rest(room_id) for each in pupils])


async def test_who_floods_is_hit_by_the_defaults(opened: Open) -> None:
    async with opened() as house:
        mallory = house.guest("Mallory")
        room_id = await mallory.sits_down()
        answers = await asyncio.gather(*(mallory.say(room_id, "Buy!") for _ in range(100)))
        assert sum(answer["ok"] for answer in answers) == 30
        assert {answer.get("code") for answer in answers} == {None, "rate_limited"}
        assert len(await history(mallory, room_id)) == 30


async def test_off_lifts_every_limit_and_the_cap(opened: Open) -> None:
    every = {f"limit_{kind}": "1/1h address" for kind in Kind}
    async with opened(rate_limits="off", max_connections_per_address="1", **every) as house:
        ada, ben = house.guest("Ada"), house.guest("Ben", transports=("polling",))
        room_id = await ada.sits_down()
        await ben.sits_down(room_id)
        for _ in range(3):
            await ada.starts()
            assert (await ada.say(room_id, "again"))["ok"]
            assert (await ben.ask("typing", {"room_id": room_id, "is_typing": True}))["ok"]
            assert (await ben.ask("join_room", {"room_id": room_id}))["ok"]
            assert (await ben.call("GET", "/api/conversations?q=a"))[0] == 200
            assert (await ben.call("GET", "/api/conversations/guess001"))[0] == 404
            await house.server.app.limits.charge(Kind.PASSPHRASES, Who(1, "127.0.0.1"))
            await house.server.app.limits.require(Kind.PASSPHRASES, Who(1, "127.0.0.1"))
        assert (await ben.call("GET", f"/api/conversations/{room_id}"))[0] == 200


async def test_an_empty_setting_lifts_one_limit(opened: Open) -> None:
    async with opened(limit_messages="", limit_typing="1/10s session") as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        assert all([(await ada.say(room_id, str(number)))["ok"] for number in range(40)])
        typing = {"room_id": room_id, "is_typing": True}
        assert [(await ada.ask("typing", typing))["ok"] for _ in range(2)] == [True, False]


# --- the log ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "around"),
    some(
        [(ADDRESS, "203.0.113.0/24"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48")],
        every=2,
        why="one tells most",
    ),
)
async def test_the_log_tells_once_of_a_limit_and_of_no_whole_address(
    opened: Open, address: str, around: str
) -> None:
    with capture_logs() as entries:
        async with opened(trusted_proxies=TRUSTED, limit_messages="1/10s session") as house:
            mallory = house.guest("Mallory", address)
            room_id = await mallory.sits_down()
            await asyncio.gather(*(mallory.say(room_id, "Buy!") for _ in range(20)))
            await mallory.call("GET", "/api/conversations/guess001")
    said = [entry for entry in entries if entry["log_level"] != "debug"]
    assert said == [
        {
            "event": "limit_reached",
            "limit": "messages",
            "address": around,
            "log_level": "info",
        }
    ]


# --- files --------------------------------------------------------------------


async def test_uploads_are_limited_however_they_are_begun(opened: Open) -> None:
    async with opened(limit_uploads="2/1m session") as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        await uploads(ada, room_id)
        path = await begins(ada, room_id, 5)
        headers = {**TUS, "Upload-Length": "5"}
        for refused in (
            await ada.send("POST", f"{files_of(room_id)}?name=a", b"Hello"),
            await ada.send("POST", uploads_of(room_id), headers=headers),
        ):
            assert refused.status == 429
            assert_too_much(refused.json, 60.0)
        assert (await adds(ada, path, b"Hello", 0)).status == 204  # what is begun goes on
        house.clock.goes_on(60)
        await uploads(ada, room_id)


async def test_files_are_read_and_added_to_so_often(opened: Open) -> None:
    async with opened(limit_downloads="2/10s session") as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        file, path = await uploads(ada, room_id), await begins(ada, room_id, 5)
        assert (await ada.send("GET", file["url"])).status == 200
        assert (await adds(ada, path, b"He", 0)).status == 204
        for refused in (await ada.send("GET", file["url"]), await adds(ada, path, b"llo", 2)):
            assert refused.status == 429
            assert refused.headers["retry-after"] == "10"
        house.clock.goes_on(10)
        assert (await adds(ada, path, b"llo", 2)).status == 204


async def test_a_refused_body_is_read_so_that_its_sender_reads_why(opened: Open) -> None:
    async with opened(limit_uploads="1/1m session") as house:
        ada = house.guest("Ada")
        room_id = await ada.sits_down()
        await uploads(ada, room_id)
        refused = await ada.send("POST", f"{files_of(room_id)}?name=a", bytes(200_000))
        assert_too_much(refused.json, 60.0)


# --- accounts -----------------------------------------------------------------

SIGN_INS: tuple[tuple[str, Json], ...] = (
    ("", {}),
    ("/sign-in", {"code": "0000-0000-0000-0000"}),
    ("/passkeys/challenge", {"purpose": "sign_in"}),
    ("/providers/x", {}),
    ("/providers/x/sign-in", {"code": "x", "state": "x"}),
    ("/providers/x/start", {"state": "x"}),
)


async def test_nobody_tries_codes_and_passkeys_without_end(opened: Open) -> None:
    async with opened(limit_sign_ins="6/1m address") as house:
        mallory = house.guest("Mallory")
        asked = [await mallory.call("POST", f"/api/account{p}", body) for p, body in SIGN_INS]
        assert [status for status, _ in asked] == [201, 403, 409, 404, 404, 404]
        for path, body in SIGN_INS:
            status, reply = await mallory.call("POST", f"/api/account{path}", body)
            assert status == 429, path
            assert_too_much(reply, 60.0)
        house.clock.goes_on(60)
        status, _ = await mallory.call("POST", "/api/account/sign-in", SIGN_INS[1][1])
        assert status == 403


# --- mail ---------------------------------------------------------------------

MAIL = {
    "smtp_url": "smtp://127.0.0.1:9",
    "mail_from": "parley@example.org",
    "public_url": "http://talk.example.org",
    "hosts": "*",
}


async def test_who_gives_too_many_addresses_is_told_when_to_go_on(opened: Open) -> None:
    async with opened(limit_mails="2/1h session, 3/1h address", **MAIL) as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        await ada.starts()
        await ben.starts()
        answers = []
        for who, number in ((ada, 1), (ada, 2), (ada, 3), (ben, 4), (ben, 5)):
            body = {"address": f"x{number}@example.org"}
            status, answer = await who.call("PUT", "/api/mail", body)
            answers.append(status)
        assert answers == [200, 200, 429, 200, 429]
        assert_too_much(answer, 3600)
        house.clock.goes_on(3600)
        assert (await ada.call("PUT", "/api/mail", {"address": "x@example.org"}))[0] == 200


async def test_who_reports_too_much_is_told_when_to_go_on(opened: Open) -> None:
    async with opened(limit_reports="2/1h session, 3/1h address") as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        room_id = await ada.sits_down()
        await ben.sits_down(room_id)
        _, found = await ada.call("GET", f"/api/conversations/{room_id}/participants")
        body = {"user_id": found["participants"][0]["user_id"], "reason": "spam"}
        path, answers = f"/api/conversations/{room_id}/reports", []
        for who in (ada, ada, ada, ben, ben):
            status, answer = await who.call("POST", path, body)
            answers.append(status)
        assert answers == [200, 200, 429, 200, 429]
        assert_too_much(answer, 3600)


async def test_codes_of_mails_are_not_guessed(opened: Open) -> None:
    async with opened(limit_unknown_rooms="3/1m address", **MAIL) as house:
        ada = house.guest("Ada")
        statuses = [
            (await ada.send(method, f"/mail/{kind}/guess")).status
            for method, kind in (
                ("GET", "confirm"),
                ("POST", "stop"),
                ("POST", "confirm"),
                ("POST", "stop"),
                ("GET", "stop"),
            )
        ]
        assert statuses == [404, 404, 404, 429, 429]
