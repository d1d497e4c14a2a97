"""Those who are away are told, by a push service that decrypts what it is given."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from parley.app import web_site
from parley.domain.context import now
from parley.push.encryption import TEXT_MAX_BYTES
from parley.records import HostRole
from parley.storage import admins as stored_admins
from parley.storage.schema import accounts
from tests import lasting
from tests.people import Person
from tests.push.service import Browser, Service
from tests.servers import Running

pytestmark = lasting.in_one_loop

People = Callable[..., Person]


async def subscribed(person: Person, service: Service, **choices: Any) -> Browser:
    browser = service.browser()
    status, reply = await person.call("POST", "/api/push", {**browser.subscription, **choices})
    assert status == 200, reply
    return browser


async def let_know(person: Person, room_id: str, **wanted: Any) -> dict[str, Any]:
    status, reply = await person.call("PUT", f"/api/conversations/{room_id}/notifications", wanted)
    assert status == 200, reply
    return reply


async def a_talk(person: People) -> tuple[Person, Person, str]:
    """Ada started it, Ben joined over REST and is away."""
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    await ben.joins_over_rest(room_id)
    return ada, ben, room_id


async def test_who_is_away_is_told_what_was_said(person: People, service: Service) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    sent = await ada.say(room_id, "Are **you** there?")
    await service.until(lambda: bool(browser.got))
    [said] = browser.got
    assert said["kind"] == "talk"
    assert (said["title"], said["sender"], said["text"]) == ("A talk", "Ada", "Are you there?")
    assert (said["room_id"], said["seq"], said["count"]) == (room_id, sent["seq"], 1)
    [headers] = browser.headers
    assert headers["Content-Encoding"] == "aes128gcm"
    assert headers["Urgency"] == "high"
    assert int(headers["TTL"]) > 3600
    assert 0 < len(headers["Topic"]) <= 32


async def test_the_owner_of_a_desk_is_told_what_a_visitor_writes_there(
    person: People, service: Service
) -> None:
    ada, ben = person("Ada"), person("Ben")
    _, made = await ada.call("POST", "/api/desks", {})
    ada.token = made["token"]
    browser = await subscribed(ada, service)
    path = f"/api/desks/{made['desk']['id']}/conversations"
    _, started = await ben.call("POST", path, {"username": "Ben", "message": "Is anybody there?"})
    await service.until(lambda: bool(browser.got))
    [said] = browser.got
    assert (said["title"], said["sender"]) == ("Support: Ben", "Ben")
    assert (said["text"], said["room_id"]) == ("Is anybody there?", started["room_id"])


async def test_no_words_are_told_to_who_wants_none(person: People, service: Service) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service, words=False)
    await ada.say(room_id, "A secret")
    await service.until(lambda: bool(browser.got))
    [said] = browser.got
    assert "secret" not in str(said)
    assert "Ada" not in re.sub(r"[\w-]{16,}", "", str(said))  # a token may have any short word
    assert said["title"] == "A talk"


async def test_the_longest_message_is_cut_to_one_record(person: People, service: Service) -> None:
    ada, ben = person("\U0001d538" * 60), person("Ben")
    room_id = await ada.starts("\U0001d54b" * 200)
    await ada.join(room_id, token=ada.token)
    await ben.joins_over_rest(room_id)
    browser = await subscribed(ben, service)
    await ada.say(room_id, '\\"' * 4000)
    await service.until(lambda: bool(browser.got))
    [said] = browser.got
    assert said["text"].endswith("…")
    assert len(str(said).encode()) < TEXT_MAX_BYTES


async def test_among_three_only_who_is_meant_is_told(person: People, service: Service) -> None:
    ada, ben, room_id = await a_talk(person)
    cleo = person("Cleo")
    await cleo.joins_over_rest(room_id)
    bens, cleos = await subscribed(ben, service), await subscribed(cleo, service)
    await ada.say(room_id, "To nobody")
    await ada.say(room_id, "To @Cleo")
    await service.until(lambda: bool(cleos.got))
    assert cleos.got[0]["text"] == "To @Cleo"
    assert cleos.got[0]["count"] == 1
    await let_know(ben, room_id, level="all")
    await let_know(cleo, room_id, level="none")
    await ada.say(room_id, "To @Cleo and all")
    await service.until(lambda: bool(bens.got))
    assert [said["text"] for said in bens.got] == ["To @Cleo and all"]
    assert len(cleos.got) == 1


async def test_what_is_read_is_taken_away(person: People, service: Service) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    sent = await ada.say(room_id, "Hello")
    await service.until(lambda: bool(browser.got))
    await ben.call("PUT", f"/api/conversations/{room_id}/read", {"seq": sent["seq"]})
    await service.until(lambda: len(browser.got) > 1)
    assert browser.got[1]["kind"] == "gone"
    assert browser.got[1]["key"] == browser.got[0]["key"]


async def test_what_is_answered_from_elsewhere_is_taken_away(
    person: People, service: Service
) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    await ada.say(room_id, "Tea?")
    await service.until(lambda: bool(browser.got))
    path = f"/api/conversations/{room_id}/messages"
    assert (await ben.call("POST", path, {"message": "At four"}))[0] == 201
    await service.until(lambda: len(browser.got) > 1)
    assert browser.got[1]["kind"] == "gone"


async def test_what_is_taken_back_is_taken_away(person: People, service: Service) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    sent = await ada.say(room_id, "Oh no")
    await service.until(lambda: bool(browser.got))
    await ada.ask("delete_message", {"room_id": room_id, "id": sent["id"]})
    await service.until(lambda: len(browser.got) > 1)
    assert browser.got[1]["kind"] == "gone"


async def test_what_is_edited_is_corrected_without_a_sound(
    person: People, service: Service
) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    sent = await ada.say(room_id, "At nien")
    await service.until(lambda: bool(browser.got))
    await ada.ask("edit_message", {"room_id": room_id, "id": sent["id"], "message": "At nine"})
    await service.until(lambda: len(browser.got) > 1)
    assert browser.got[1]["text"] == "At nine"
    assert browser.got[1]["silent"]


async def test_a_removed_persons_device_is_told_nothing_more(
    person: People, service: Service
) -> None:
    ada, ben, room_id = await a_talk(person)
    cleo = person("Cleo")
    joined = await ben.call("POST", f"/api/conversations/{room_id}/join", {"username": "Ben"})
    await cleo.joins_over_rest(room_id)
    bens, cleos = await subscribed(ben, service), await subscribed(cleo, service)
    for each in (ben, cleo):
        await let_know(each, room_id, level="all")
    await ada.say(room_id, "First")
    await service.until(lambda: bool(bens.got and cleos.got))
    [user_id] = [
        each["user_id"]
        for each in joined[1]["conversation"]["participants"]
        if each["username"] == "Ben"
    ]
    await ada.ask("remove_participant", {"room_id": room_id, "user_id": user_id})
    await service.until(lambda: len(bens.got) > 1)
    assert bens.got[1]["kind"] == "gone"
    await cleo.call("PUT", f"/api/conversations/{room_id}/read", {"seq": cleos.got[0]["seq"]})
    await service.until(lambda: len(cleos.got) > 1)
    await ada.say(room_id, "Second")
    await service.until(lambda: cleos.got[-1].get("text") == "Second")
    assert len(bens.got) == 2


async def test_a_deleted_conversation_is_taken_away(person: People, service: Service) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    await ada.say(room_id, "Hello")
    await service.until(lambda: bool(browser.got))
    status, _ = await ada.call("DELETE", f"/api/conversations/{room_id}")
    assert status == 200
    await service.until(lambda: len(browser.got) > 1)
    assert browser.got[1]["kind"] == "gone"


async def test_an_owner_is_told_who_knocks_and_they_of_the_answer(
    person: People, service: Service
) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts()
    await ada.call("PATCH", f"/api/conversations/{room_id}", {"knock": True})
    adas = await subscribed(ada, service)
    status, knock = await ben.call(
        "POST", f"/api/conversations/{room_id}/knock", {"username": "Ben"}
    )
    assert status == 200, knock
    ben.token = knock["token"]
    bens = await subscribed(ben, service)
    await service.until(lambda: bool(adas.got))
    assert (adas.got[0]["kind"], adas.got[0]["sender"]) == ("knocks", "Ben")
    await ada.call("POST", f"/api/conversations/{room_id}/knocks/{knock['id']}", {"admit": True})
    await service.until(lambda: bool(bens.got) and len(adas.got) > 1)
    assert (bens.got[0]["kind"], bens.got[0]["answer"]) == ("door", "admitted")
    assert bens.got[0]["room_id"] == room_id
    assert adas.got[1]["kind"] == "gone"


async def test_who_is_invited_is_told_without_the_way_in(person: People, service: Service) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts(title="Lake")
    await ada.joins_over_rest(room_id)
    _, kept = await ben.call("POST", "/api/account", {"name": "Ben"})
    ben.token = kept["token"]
    _, made = await ben.call("POST", "/api/account/contact-link")
    browser = await subscribed(ben, service)
    body = {"contact": made["contact_link"]}
    status, _ = await ada.call("POST", f"/api/conversations/{room_id}/invites", body)
    assert status == 200
    await service.until(lambda: bool(browser.got))
    told = browser.got[0]
    assert (told["kind"], told["sender"], told["title"]) == ("invite", "Ada", "Lake")
    assert room_id not in str(told)
    _, reply = await ben.call("GET", "/api/invites")
    path = f"/api/invites/{reply['invites'][0]['id']}"
    await ben.call("POST", path, {"answer": "decline"})
    await service.until(lambda: len(browser.got) > 1)
    assert browser.got[1]["kind"] == "gone"


async def test_admins_are_told_that_reports_wait_and_not_of_what(
    person: People, service: Service, server: Running
) -> None:
    ada, ben, room_id = await a_talk(person)
    admin, other = person("Dora"), person("Eve")
    for each in (admin, other):
        _, started = await each.call("POST", "/api/account", {"name": each.name})
        each.token = started["token"]
    await makes_admin(server, "Dora")
    browser, others = await subscribed(admin, service), await subscribed(other, service)
    sent = await ada.say(room_id, "Buy now!")
    path = f"/api/conversations/{room_id}/reports"
    assert (await ben.call("POST", path, {"message_id": sent["id"], "reason": "spam"}))[0] == 200
    await service.until(lambda: bool(browser.got))
    [said] = browser.got
    assert (said["kind"], said["count"]) == ("reports", 1)
    assert not any(word in str(said) for word in ("Buy", "Ada", "Ben", room_id, "A talk"))
    # Another waits for its time, and what is resolved is taken away.
    sent = await ada.say(room_id, "Buy more!")
    assert (await ben.call("POST", path, {"message_id": sent["id"], "reason": "spam"}))[0] == 200
    for id in (1, 2):
        status, _ = await admin.call("POST", f"/api/admin/reports/{id}/resolve", {})
        assert status == 200
    await service.until(lambda: len(browser.got) > 1)
    assert [each["kind"] for each in browser.got] == ["reports", "gone"]
    assert others.got == []


async def makes_admin(server: Running, name: str) -> None:
    def work(connection: sa.Connection) -> None:
        row = connection.execute(sa.select(accounts.c.id).where(accounts.c.name == name)).one()
        stored_admins.put(connection, account_id=row.id, role=HostRole.ADMIN, label=name, at=now())

    await web_site(server.app).context.database.write(work)
