"""What push services answer, and what becomes of notifications then, also over a restart."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from parley.app import web_site
from parley.config import Config
from parley.live import origins, pushing
from tests.eventually import until
from tests.people import Person
from tests.push.service import Browser, Service
from tests.push.test_told import People, a_talk, subscribed
from tests.servers import Running, running

Answer = Callable[[Browser], Any]


def answering(*answers: web.Response | None) -> Answer:
    """Each once, in this order, whichever browser it is for; None takes it, as all later ones."""
    left = list(answers)

    async def answer(browser: Browser) -> web.Response:
        given = left.pop(0) if left else None
        return given or web.Response(status=201)

    return answer


async def devices(person: Person) -> int:
    _, reply = await person.call("GET", "/api/push")
    return len(reply["devices"])


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried at once."""
    monkeypatch.setattr(pushing, "AGAIN_AFTER_S", 0.05)
    monkeypatch.setattr(origins, "FIRST_REST_S", 0.05)


@pytest.mark.parametrize("status", [404, 410])
async def test_a_device_that_is_no_more_is_forgotten(
    person: People, service: Service, server: Running, status: int
) -> None:
    ada, ben, room_id = await a_talk(person)
    await subscribed(ben, service)
    service.answer = answering(web.Response(status=status))
    await ada.say(room_id, "Hello")
    await service.until(lambda: len(service.asked) == 1)
    await until(lambda: not web_site(server.app).context.notified)
    assert await devices(ben) == 0
    service.answer = None
    other = await subscribed(ben, service)
    await ada.say(room_id, "Again")
    await service.until(lambda: bool(other.got))
    assert service.asked == ["1", "2"]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("as_date", [False, True])
async def test_a_service_that_asks_for_rest_gets_it(
    person: People, service: Service, status: int, as_date: bool
) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    at = datetime.now(UTC) + timedelta(seconds=3)
    wait = format_datetime(at, usegmt=True) if as_date else "2"
    service.answer = answering(web.Response(status=status, headers={"Retry-After": wait}))
    began = asyncio.get_running_loop().time()
    await ada.say(room_id, "Hello")
    await service.until(lambda: bool(browser.got))
    assert asyncio.get_running_loop().time() - began > 1.0
    assert len(service.asked) == 2


@pytest.mark.usefixtures("soon")
async def test_trouble_of_a_service_is_waited_out(person: People, service: Service) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    service.answer = answering(*(web.Response(status=status) for status in (500, 502, 503)))
    await ada.say(room_id, "Hello")
    await service.until(lambda: bool(browser.got))
    assert [said["text"] for said in browser.got] == ["Hello"]


@pytest.mark.parametrize("status", [400, 413, 307])
async def test_what_will_never_be_taken_is_dropped_and_nothing_else(
    person: People, service: Service, status: int
) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    service.answer = answering(web.Response(status=status, headers={"Location": "/x"}))
    await ada.say(room_id, "Odd")
    await service.until(lambda: len(service.asked) == 1)
    await ada.say(room_id, "Even")
    await service.until(lambda: bool(browser.got))
    assert browser.got[0]["text"] == "Even"
    assert await devices(ben) == 1


async def test_one_that_never_answers_keeps_nobody_waiting(
    person: People, service: Service
) -> None:
    ada, ben, room_id = await a_talk(person)
    stuck, well = await subscribed(ben, service), await subscribed(ben, service)
    forever = asyncio.Event()

    async def answer(browser: Browser) -> web.Response:
        if browser is stuck:
            await forever.wait()
        return web.Response(status=201)

    service.answer = answer
    await ada.say(room_id, "Hello")
    await service.until(lambda: bool(well.got))
    assert not stuck.got
    forever.set()


async def test_what_is_said_while_it_is_told_is_told_after_it(
    person: People, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "REST_S", 0.2)
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    goes_on, came = asyncio.Event(), asyncio.Event()

    async def answer(_: Browser) -> web.Response:
        came.set()
        await goes_on.wait()
        return web.Response(status=201)

    service.answer = answer
    await ada.say(room_id, "First")
    await came.wait()
    last: dict[str, Any] = {}
    for text in ("Second", "Third"):
        last = await ada.say(room_id, text)
    # Whom these concern is found after a rest.
    app_done = asyncio.get_running_loop().time() + pushing.FOUND_EVERY_S + 0.5
    await until(lambda: asyncio.get_running_loop().time() > app_done)
    goes_on.set()
    await service.until(lambda: len(browser.got) == 2)
    assert [said["text"] for said in browser.got] == ["First", "Third"]
    assert browser.got[1]["count"] == 3
    assert browser.got[1]["seq"] == last["seq"]


async def test_what_was_said_before_an_end_is_told_after_it_and_once(
    config: Config, service: Service
) -> None:
    ada, ben = Person("Ada", ""), Person("Ben", "")
    service.answer = answering(*(web.Response(status=503, headers={"Retry-After": "1"}),) * 2)
    async with running(config) as first:
        ada.url = ben.url = first.url
        room_id = await ada.starts()
        await ada.joins_over_rest(room_id)
        await ben.joins_over_rest(room_id)
        browser = await subscribed(ben, service)
        status, _ = await ada.call(
            "POST", f"/api/conversations/{room_id}/messages", {"message": "Hello"}
        )
        assert status == 201
        await service.until(lambda: len(service.asked) == 1)
    assert not browser.got
    service.answer = None
    async with running(config) as second:
        ada.url = ben.url = second.url
        await service.until(lambda: bool(browser.got))
        await ada.call("POST", f"/api/conversations/{room_id}/messages", {"message": "Still?"})
        await service.until(lambda: browser.got[-1]["text"] == "Still?")
    assert [said["text"] for said in browser.got] == ["Hello", "Still?"]
    for each in (ada, ben):
        await each.goes_home()


@pytest.mark.usefixtures("soon")
async def test_another_process_goes_on_where_one_was_killed(
    person: People, service: Service, server: Running
) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    came, goes_on = asyncio.Event(), asyncio.Event()

    async def answer(_: Browser) -> web.Response:
        came.set()
        await goes_on.wait()
        return web.Response(status=201)

    service.answer = answer
    await ada.say(room_id, "Hello")
    await came.wait()
    courier = server.app.pushing._courier
    assert courier is not None
    assert courier._worker is not None
    os.kill(courier._worker._process.pid, signal.SIGKILL)
    service.answer = None
    goes_on.set()
    await service.until(lambda: bool(browser.got))
    assert browser.got[-1]["text"] == "Hello"


async def test_a_session_has_ten_devices_and_no_more(person: People, service: Service) -> None:
    _, ben, _ = await a_talk(person)
    for _ in range(12):
        await subscribed(ben, service)
    assert await devices(ben) == 10


async def test_a_browser_with_a_new_address_keeps_what_was_chosen(
    person: People, service: Service
) -> None:
    ada, ben, room_id = await a_talk(person)
    before = await subscribed(ben, service, words=False)
    after = await subscribed(ben, service, replaces=before.endpoint)
    # Of nobody else.
    await subscribed(ada, service, replaces=after.endpoint)
    assert [await devices(each) for each in (ada, ben)] == [1, 1]
    await ada.say(room_id, "A secret")
    await service.until(lambda: bool(after.got))
    assert "secret" not in str(after.got)


async def test_a_subscription_of_somebody_else_is_theirs(person: People, service: Service) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    other = service.browser()
    stolen = {**other.subscription, "endpoint": browser.endpoint}
    status, reply = await ada.call("POST", "/api/push", stolen)
    assert (status, reply["code"]) == (403, "forbidden")
    status, _ = await ada.call("DELETE", "/api/push", {"endpoint": browser.endpoint})
    assert await devices(ben) == 1
    # The same browser, under a new session of its own: it shows the keys that it alone has.
    cleo = person("Cleo")
    await cleo.joins_over_rest(room_id)
    assert (await cleo.call("POST", "/api/push", browser.subscription))[0] == 200
    assert [await devices(each) for each in (ben, cleo)] == [0, 1]


async def test_whose_rights_change_has_no_device_of_before(
    person: People, service: Service
) -> None:
    """Whoever knew the token until then may have named one of theirs."""
    ada, ben, room_id = await a_talk(person)
    await subscribed(ben, service)
    status, made = await ada.call("POST", f"/api/conversations/{room_id}/links", {"role": "owner"})
    assert status == 201, made
    code = made["url"].rsplit("/", 1)[1]
    status, entered = await ben.call("POST", f"/api/links/{code}", {})
    assert status == 200, entered
    ben.token = entered["token"]
    assert await devices(ben) == 0


@pytest.mark.parametrize(
    ("endpoint", "keys"),
    [
        ("https://127.0.0.2:1/x", {"p256dh": "AAAA"}),
        ("https://localhost:1/x", {"p256dh": "!" * 87}),
        ("https://localhost:1/x", {"auth": "AAAA"}),
        ("http://localhost:1/x", {}),
        ("https://user@localhost:1/x", {}),
    ],
)
async def test_what_is_no_subscription_is_refused_in_words(
    person: People, service: Service, endpoint: str, keys: dict[str, str]
) -> None:
    _, ben, _ = await a_talk(person)
    subscription = service.browser().subscription
    given = {"endpoint": endpoint, "keys": {**subscription["keys"], **keys}}
    status, reply = await ben.call("POST", "/api/push", given)
    assert (status, reply["code"]) == (400, "bad_request")
    assert await devices(ben) == 0


async def test_a_time_zone_that_is_none_is_refused(person: People, service: Service) -> None:
    _, ben, _ = await a_talk(person)
    for zone in ("Europe/Atlantis", "../../etc/passwd", "/etc/localtime"):
        quiet = {"start": "22:00", "end": "07:00", "time_zone": zone}
        subscription = {**service.browser().subscription, "quiet_hours": quiet}
        status, reply = await ben.call("POST", "/api/push", subscription)
        assert (status, reply["code"]) == (400, "bad_request"), reply
