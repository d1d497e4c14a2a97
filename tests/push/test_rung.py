"""Calls ring on the devices of those who are away, until they are answered, over or missed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from parley.domain import calls, notices, telling
from tests import lasting
from tests.calling.talk import call
from tests.encryption.members import Member
from tests.people import Person
from tests.push.service import Service
from tests.push.test_told import a_talk, let_know, subscribed

pytestmark = lasting.in_one_loop

People = Callable[..., Person]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls leave a line, however short they were."""
    monkeypatch.setattr(calls, "UNHEARD", timedelta())


async def leaves(person: Person, room_id: str) -> None:
    assert (await person.ask("call_leave", {"room_id": room_id}))["ok"]


def kinds(got: list[dict[str, Any]]) -> list[str]:
    return ["missed" if each.get("missed") else each["kind"] for each in got]


async def test_who_is_away_is_called_and_told_that_nobody_came(
    person: People, service: Service
) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    assert (await call(ada, room_id))["ok"]
    await service.until(lambda: bool(browser.got))
    [rings] = browser.got
    assert (rings["kind"], rings["subject"], rings["sender"]) == ("call", "call", "Ada")
    assert (rings["title"], rings["room_id"]) == ("A talk", room_id)
    assert browser.headers[0]["Urgency"] == "high"
    assert int(browser.headers[0]["TTL"]) <= 60
    # What somebody does in the call is no news.
    await call(ada, room_id, video=True)
    await leaves(ada, room_id)
    await service.until(lambda: len(browser.got) > 1)
    missed = browser.got[1]
    assert (missed["kind"], missed["missed"], missed["silent"]) == ("call", True, True)
    assert missed["key"] == rings["key"]
    assert browser.headers[1]["Topic"] == browser.headers[0]["Topic"]
    assert int(browser.headers[1]["TTL"]) > 3600
    # It counts as unread, and is taken away once it is read.
    _, mine = await ben.call("GET", "/api/mine")
    [row] = mine["conversations"]
    assert row["unread"] == 1
    last = row["last_message"]
    assert (last["type"], last["excerpt"]) == ("call", "Missed call from Ada")
    await ben.call("PUT", f"/api/conversations/{room_id}/read", {"seq": missed["seq"]})
    await service.until(lambda: len(browser.got) > 2)
    assert kinds(browser.got) == ["call", "missed", "gone"]


async def test_a_call_that_is_answered_rings_on_no_other_device(
    person: People, service: Service
) -> None:
    ada, ben, room_id = await a_talk(person)
    cleo = person("Cleo")
    await cleo.joins_over_rest(room_id)
    phone, cleos = await subscribed(ben, service), await subscribed(cleo, service)
    await call(ada, room_id)
    await service.until(lambda: bool(phone.got and cleos.got))
    await ben.join(room_id, token=ben.token)
    assert (await call(ben, room_id))["ok"]
    await service.until(lambda: len(phone.got) > 1)
    assert kinds(phone.got) == ["call", "gone"]
    # It goes on ringing for others until it is over, and was not missed.
    await leaves(ben, room_id)
    await leaves(ada, room_id)
    await service.until(lambda: len(cleos.got) > 1)
    await ada.say(room_id, "Where were you, @Cleo?")
    await service.until(lambda: len(cleos.got) > 2)
    assert kinds(cleos.got) == ["call", "gone", "talk"]
    assert cleos.got[2]["text"] == "Where were you, @Cleo?"


async def test_an_encrypted_conversation_rings_and_names_nothing_but_who_calls(
    person: People, service: Service
) -> None:
    ada = await Member.founds(person("Ada"))
    ben = await Member.comes(person("Ben"), ada.keyring.link, ada.room_id)
    await ben.who.disconnect()
    browser = await subscribed(ben.who, service)
    await call(ada.who, ada.room_id)
    await service.until(lambda: bool(browser.got))
    await leaves(ada.who, ada.room_id)
    await service.until(lambda: len(browser.got) > 1)
    assert kinds(browser.got) == ["call", "missed"]
    assert [each["sender"] for each in browser.got] == ["Ada", "Ada"]
    assert "text" not in browser.got[1]


async def test_who_wants_nothing_is_not_called(person: People, service: Service) -> None:
    ada, ben, room_id = await a_talk(person)
    cleo, dora = person("Cleo"), person("Dora")
    for each in (cleo, dora):
        await each.joins_over_rest(room_id)
    bens, cleos = await subscribed(ben, service), await subscribed(cleo, service)
    doras = await subscribed(dora, service, words=False)
    assert (await let_know(ben, room_id, level="none"))["calls"] is False
    assert (await let_know(cleo, room_id, quiet_for_s=3600))["calls"] is True
    await call(ada, room_id)
    await service.until(lambda: bool(doras.got))
    assert doras.got[0]["kind"] == "call"
    assert "sender" not in doras.got[0]
    await leaves(ada, room_id)
    await service.until(lambda: len(doras.got) > 1)
    assert (bens.got, cleos.got) == ([], [])
    # After the pause there is what was missed, if it wasn't read meanwhile.
    await let_know(cleo, room_id, quiet_for_s=0)
    await service.until(lambda: bool(cleos.got))
    assert kinds(cleos.got) == ["missed"]
    assert not cleos.got[0].get("silent")


async def test_a_crowd_is_called_only_where_it_wants_to_be(
    person: People, service: Service
) -> None:
    ada, ben, room_id = await a_talk(person)
    cleo = person("Cleo")
    await cleo.joins_over_rest(room_id)
    for number in range(8):
        await person(f"Guest {number}").joins_over_rest(room_id)
    bens, cleos = await subscribed(ben, service), await subscribed(cleo, service)
    assert (await let_know(ben, room_id))["calls"] is False
    assert (await let_know(cleo, room_id, level="all"))["calls"] is True
    await call(ada, room_id)
    await service.until(lambda: bool(cleos.got))
    await leaves(ada, room_id)
    await service.until(lambda: len(cleos.got) > 1)
    assert bens.got == []


async def test_a_call_that_has_long_begun_calls_nobody(
    person: People, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "RINGS_FOR", timedelta())
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    await call(ada, room_id)
    await ada.say(room_id, "Are you coming?")
    await service.until(lambda: bool(browser.got))
    assert browser.got[0]["text"] == "Are you coming?"


async def test_who_calls_again_at_once_rings_again_after_a_rest(
    person: People, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "CALL_REST_S", 0.0)
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    for _ in range(2):
        await call(ada, room_id)
        await service.until(lambda: kinds(browser.got)[-1:] == ["call"])
        await leaves(ada, room_id)
        await service.until(lambda: kinds(browser.got)[-1:] == ["missed"])
    assert kinds(browser.got) == ["call", "missed", "call", "missed"]
