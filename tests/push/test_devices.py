"""Whose browser is notified, and how many are."""

from __future__ import annotations

from typing import Any

from parley.domain.notifying import DEVICES_MAX
from tests import lasting
from tests.cases import together
from tests.people import Person
from tests.push.service import Browser, Service
from tests.push.test_told import People, a_talk

pytestmark = lasting.in_one_loop

QUIET = {"start": "22:00", "end": "07:00", "time_zone": "Europe/Berlin"}


async def subscribe(person: Person, given: dict[str, Any]) -> tuple[int, Any]:
    return await person.call("POST", "/api/push", given)


@together(
    "change",
    [
        {"keys": {"p256dh": "!", "auth": "AAAAAAAAAAAAAAAAAAAAAA"}},
        {"keys": {"p256dh": "BAAA", "auth": "AAAAAAAAAAAAAAAAAAAAAA"}},
        {"keys": {"p256dh": "B" + "A" * 86, "auth": "AAAAAAAAAAAAAAAAAAAAAA"}},
        {"auth": "AAAA"},
        {"auth": "A" * 40},
        {"auth": "\u00e9" * 22},
        {"endpoint": "http://localhost/1"},
        {"endpoint": "https://10.0.0.1/1"},
        {"endpoint": "https://0x0a000001/1"},
        {"quiet_hours": {**QUIET, "time_zone": "Europe/Nowhere"}},
        {"quiet_hours": {**QUIET, "time_zone": "../../etc/hostname"}},
        {"quiet_hours": {**QUIET, "time_zone": "Europe"}},
        {"quiet_hours": {**QUIET, "time_zone": "\0"}},
        {"quiet_hours": {**QUIET, "start": "24:00"}},
    ],
)
async def test_what_is_no_subscription_is_refused(
    person: People, service: Service, change: dict[str, Any]
) -> None:
    _, ben, _ = await a_talk(person)
    given = service.browser().subscription
    if "auth" in change:
        change = {"keys": {**given["keys"], "auth": change["auth"]}}
    status, reply = await subscribe(ben, {**given, **change})
    assert status == 400, reply
    assert (await ben.call("GET", "/api/push"))[1]["devices"] == []


async def test_nobody_takes_or_ends_a_browser_of_somebody_else(
    person: People, service: Service
) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = service.browser()
    assert (await subscribe(ben, browser.subscription))[0] == 200
    forged = Browser(browser.endpoint)
    status, _ = await subscribe(ada, forged.subscription)
    assert status == 403
    await ada.call("DELETE", "/api/push", {"endpoint": browser.endpoint})
    await ada.say(room_id, "Still told")
    await service.until(lambda: bool(browser.got))
    assert browser.got[0]["text"] == "Still told"


async def test_a_browser_that_shows_its_keys_goes_over_to_its_new_session(
    person: People, service: Service
) -> None:
    ada, ben, _ = await a_talk(person)
    browser = service.browser()
    for each in (ben, ada):
        assert (await subscribe(each, browser.subscription))[0] == 200
    assert (await ben.call("GET", "/api/push"))[1]["devices"] == []
    assert len((await ada.call("GET", "/api/push"))[1]["devices"]) == 1


async def test_a_session_has_so_many_devices_and_no_more(person: People, service: Service) -> None:
    ada, ben, room_id = await a_talk(person)
    browsers = [service.browser() for _ in range(DEVICES_MAX + 1)]
    for browser in browsers:
        assert (await subscribe(ben, browser.subscription))[0] == 200
    assert len((await ben.call("GET", "/api/push"))[1]["devices"]) == DEVICES_MAX
    await ada.say(room_id, "To the latest")
    await service.until(lambda: all(browser.got for browser in browsers[1:]))
    assert not browsers[0].got
