"""What push services answer, and what becomes of notifications then, also over a restart."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from parley.app import web_site
from parley.config import Config
from parley.domain import notices
from parley.domain.notices import Told
from parley.errors import Unavailable
from parley.live import push_services, pushing
from parley.outward import service_of
from parley.push import worker
from parley.records import PuttingOff
from tests import lasting
from tests.effort import some
from tests.eventually import until
from tests.people import Person
from tests.push.service import Browser, Service, serving
from tests.push.test_told import People, a_talk, let_know, subscribed
from tests.servers import Running, running

pytestmark = lasting.in_one_loop

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
    """What is tried again is tried at once, however often it was tried: on a busy machine the
    process that sends takes a while to start, and each try meanwhile doubles the next wait.
    """
    monkeypatch.setattr(push_services, "AGAIN_AFTER_S", 0.05)
    monkeypatch.setattr(push_services, "AGAIN_MAX_S", 0.2)
    monkeypatch.setattr(push_services, "LOST_AGAIN_S", 0.05)
    monkeypatch.setattr(pushing, "FOUND_EVERY_S", 0.05)


def fails_once(monkeypatch: pytest.MonkeyPatch, name: str, *, count: int = 1) -> None:
    """Have a function of `notices` find the database away, so often."""
    real, left = getattr(notices, name), count

    async def fails(*args: Any, **more: Any) -> Any:
        nonlocal left
        left -= 1
        if left >= 0:
            raise Unavailable
        return await real(*args, **more)

    monkeypatch.setattr(notices, name, fails)


def those_found(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The devices that are found from now on to have something to be told."""
    real, found = notices.make_due, list[int]()

    async def make_due(context: Any, dues: Any, **more: Any) -> None:
        await real(context, dues, **more)
        found.extend(due.device_id for due in dues)

    monkeypatch.setattr(notices, "make_due", make_due)
    return found


def those_settled(monkeypatch: pytest.MonkeyPatch) -> list[Told]:
    """What is stored from now on of what became of notices."""
    real, stored = notices.settle, list[Told]()

    async def settle(context: Any, told: Any) -> None:
        await real(context, told)
        stored.extend(told)

    monkeypatch.setattr(notices, "settle", settle)
    return stored


@pytest.mark.parametrize("status", some([410, 404], every=2, why="one tells most of it"))
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


@pytest.mark.parametrize(
    ("status", "as_date"),
    some(
        [(429, False), (503, False), (503, True), (429, True)],
        every=4,
        why="it is read before it matters which of them it was",
    ),
)
async def test_a_service_that_asks_for_rest_gets_it(
    person: People, service: Service, status: int, as_date: bool
) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    asked_at: list[float] = []

    async def answer(_browser: Browser) -> web.Response:
        asked_at.append(asyncio.get_running_loop().time())
        if len(asked_at) > 1:
            return web.Response(status=201)
        # Counted from here: what came before may have taken any time.
        at = datetime.now(UTC) + timedelta(seconds=3)
        wait = format_datetime(at, usegmt=True) if as_date else "1"
        return web.Response(status=status, headers={"Retry-After": wait})

    service.answer = answer
    await ada.say(room_id, "Hello")
    await service.until(lambda: bool(browser.got))
    first, second = asked_at
    assert second - first > 0.9
    assert len(service.asked) == 2


@pytest.mark.long("a service that asks for rest tells most")
async def test_a_device_that_is_to_be_left_alone_is_told_of_nothing_else_either(
    own_config: Config, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = Person("Ada", ""), Person("Ben", "")
    service.answer = answering(web.Response(status=429, headers={"Retry-After": "3600"}))
    stored = those_settled(monkeypatch)

    async def is_said(room_id: str, *, is_decided: int) -> None:
        path = f"/api/conversations/{room_id}/messages"
        assert (await ada.call("POST", path, {"message": "Hello"}))[0] == 201
        await until(lambda: len({each.notice.conversation_id for each in stored}) == is_decided)
        assert service.asked == ["1"]

    async with running(own_config) as first:
        ada.url = ben.url = first.url
        rooms = [await ada.starts() for _ in range(3)]
        for room_id in rooms:
            await ada.joins_over_rest(room_id)
            await ben.joins_over_rest(room_id)
        await subscribed(ben, service)
        await is_said(rooms[0], is_decided=1)
        await is_said(rooms[1], is_decided=2)
    # Nor after a restart.
    async with running(own_config) as second:
        ada.url = ben.url = second.url
        await is_said(rooms[2], is_decided=3)
        for each in (ada, ben):
            await each.goes_home()


@pytest.mark.usefixtures("soon")
async def test_trouble_of_a_service_is_waited_out(person: People, service: Service) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    service.answer = answering(*(web.Response(status=status) for status in (500, 502, 503)))
    await ada.say(room_id, "Hello")
    await service.until(lambda: bool(browser.got))
    assert [said["text"] for said in browser.got] == ["Hello"]


@pytest.mark.parametrize("status", some([400, 413, 307], every=3, why="one tells most of it"))
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
    found = those_found(monkeypatch)
    last: dict[str, Any] = {}
    for text in ("Second", "Third"):
        last = await ada.say(room_id, text)
    await until(lambda: bool(found))
    goes_on.set()
    await service.until(lambda: len(browser.got) == 2)
    assert [said["text"] for said in browser.got] == ["First", "Third"]
    assert browser.got[1]["count"] == 3
    assert browser.got[1]["seq"] == last["seq"]


@pytest.mark.long("what is said while one is taken tells most")
async def test_what_is_said_while_one_is_refused_is_told(
    person: People, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "REST_S", 0.2)
    monkeypatch.setattr(pushing, "FOUND_EVERY_S", 0.1)
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    came, goes_on = asyncio.Event(), asyncio.Event()

    async def answer(_: Browser) -> web.Response:
        came.set()
        await goes_on.wait()
        return web.Response(status=201 if len(service.asked) > 1 else 400)

    service.answer = answer
    await ada.say(room_id, "Odd")
    await came.wait()
    found = those_found(monkeypatch)
    await ada.say(room_id, "Even")
    await until(lambda: bool(found))
    goes_on.set()
    await service.until(lambda: bool(browser.got))
    assert browser.got[0]["text"] == "Even"


@pytest.mark.usefixtures("brief_rest")
async def test_what_was_said_before_an_end_is_told_after_it_and_once(
    own_config: Config, service: Service
) -> None:
    ada, ben = Person("Ada", ""), Person("Ben", "")
    service.answer = answering(*(web.Response(status=503, headers={"Retry-After": "1"}),) * 2)
    async with running(own_config) as first:
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
    async with running(own_config) as second:
        ada.url = ben.url = second.url
        await service.until(lambda: bool(browser.got))
        await ada.call("POST", f"/api/conversations/{room_id}/messages", {"message": "Still?"})
        await service.until(lambda: browser.got[-1]["text"] == "Still?")
    assert [said["text"] for said in browser.got] == ["Hello", "Still?"]
    for each in (ada, ben):
        await each.goes_home()


@pytest.mark.long("what is said later tells most")
async def test_the_first_that_was_ever_said_is_told_after_an_end(
    own_config: Config, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = Person("Ada", ""), Person("Ben", "")
    with monkeypatch.context() as ended:
        # It ends before anybody is looked for.
        ended.setattr(pushing, "BEGINS_AFTER_S", 3600.0)
        async with running(own_config) as first:
            ada.url = ben.url = first.url
            room_id = await ada.starts()
            await ada.joins_over_rest(room_id)
            await ben.joins_over_rest(room_id)
            browser = await subscribed(ben, service)
            path = f"/api/conversations/{room_id}/messages"
            assert (await ada.call("POST", path, {"message": "Hello"}))[0] == 201
    assert not service.asked
    async with running(own_config) as second:
        ada.url = ben.url = second.url
        await service.until(lambda: bool(browser.got))
        for each in (ada, ben):
            await each.goes_home()


@pytest.mark.long("a message tells most of it")
async def test_a_knock_just_before_an_end_is_told_after_it_and_once(
    own_config: Config, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = Person("Ada", ""), Person("Ben", "")
    with monkeypatch.context() as ended:
        async with running(own_config) as first:
            ada.url = ben.url = first.url
            room_id = await ada.starts()
            await ada.call("PATCH", f"/api/conversations/{room_id}", {"knock": True})
            browser = await subscribed(ada, service)
            fails_once(ended, "owners", count=1_000)
            status, knock = await ben.call(
                "POST", f"/api/conversations/{room_id}/knock", {"username": "Ben"}
            )
            assert status == 200
            ben.token = knock["token"]
    assert not service.asked
    async with running(own_config) as second:
        await service.until(lambda: bool(browser.got))
        await until(lambda: not second.app.pushing._flying)
    assert (browser.got[0]["kind"], browser.got[0]["sender"]) == ("knocks", "Ben")
    async with running(own_config) as third:
        ada.url = ben.url = third.url
        # What is told later comes after all that was found at the start.
        await ada.joins_over_rest(room_id)
        await ada.call(
            "POST", f"/api/conversations/{room_id}/knocks/{knock['id']}", {"admit": True}
        )
        await service.until(lambda: len(browser.got) > 1)
        for each in (ada, ben):
            await each.goes_home()
    assert [each["kind"] for each in browser.got] == ["knocks", "gone"]


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


async def test_a_service_that_hangs_has_few_places_and_keeps_no_other_waiting(
    person: People, service: Service, server: Running, trusted: Path
) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    over = asyncio.Event()

    async def hang(browser: Browser) -> web.Response:
        await over.wait()
        return web.Response(status=503)

    async with serving(trusted.parent) as hanging:
        hanging.answer = hang
        for each, at, count in ((ben, hanging, 10), (cleo, service, 1)):
            await each.joins_over_rest(room_id)
            for _ in range(count):
                await subscribed(each, at)
            await let_know(each, room_id, level="all")
        [good] = service.browsers.values()
        await ada.say(room_id, "Hello")
        await service.until(lambda: bool(good.got))
        await until(lambda: len(hanging.asked) == worker.OTHERS_EACH)
        # Of ten that are due; nor do more wait in front of the process that pushes.
        there = service_of(hanging.url)
        flights = [each.service for each in server.app.pushing._flying.values()]
        assert flights.count(there) == pushing.OTHERS_EACH_MAX
        over.set()


@pytest.mark.long("test_told.py tells such a device nothing every time")
async def test_what_waits_for_a_slow_service_is_not_told_to_who_was_removed(
    person: People, service: Service
) -> None:
    ada, ben, room_id = await a_talk(person)
    joined = await ben.call("POST", f"/api/conversations/{room_id}/join", {"username": "Ben"})
    over = asyncio.Event()

    async def slow(browser: Browser) -> web.Response:
        await over.wait()
        return web.Response(status=201)

    service.answer = slow
    browsers = [await subscribed(ben, service) for _ in range(8)]
    await ada.say(room_id, "A secret")
    await until(lambda: len(service.asked) == worker.OTHERS_EACH)
    people = joined[1]["conversation"]["participants"]
    [user_id] = [each["user_id"] for each in people if each["username"] == "Ben"]
    await ada.ask("remove_participant", {"room_id": room_id, "user_id": user_id})
    over.set()
    # What was on the wire is taken away, and nothing else comes.
    await service.until(
        lambda: (
            [each["kind"] for browser in browsers for each in browser.got].count("gone")
            == worker.OTHERS_EACH
        )
    )
    told = [each for browser in browsers for each in browser.got if "text" in each]
    assert len(told) == worker.OTHERS_EACH


@pytest.mark.long("it waits for a second")
@pytest.mark.usefixtures("soon")
async def test_a_clock_that_is_set_back_keeps_nobody_waiting(
    person: People, service: Service, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "REST_S", 0.05)
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    told, real = server.app.pushing, server.app.pushing._context
    fast = replace(real, clock=lambda: real.clock() + timedelta(hours=2))
    monkeypatch.setattr(told, "_context", fast)
    await ada.say(room_id, "Too early")
    await service.until(lambda: len(browser.got) == 1)
    await until(lambda: not told._flying)
    monkeypatch.setattr(told, "_context", real)
    await ada.say(room_id, "At last")
    await service.until(lambda: len(browser.got) == 2)
    # What waits is not tried in two hours, either.
    monkeypatch.setattr(told, "_context", fast)
    monkeypatch.setattr(push_services, "AGAIN_AFTER_S", 1.0)
    service.answer = answering(web.Response(status=503))
    await ada.say(room_id, "Once more")
    await service.until(lambda: len(service.asked) == 3)
    await until(lambda: not told._flying)
    monkeypatch.setattr(told, "_context", real)
    told._wake.set()
    await service.until(lambda: len(browser.got) == 3)


@pytest.mark.long("two devices at once")
async def test_what_comes_back_late_is_about_no_other_device(
    person: People, service: Service, server: Running
) -> None:
    ada, ben, room_id = await a_talk(person)
    cleo = person("Cleo")
    await cleo.joins_over_rest(room_id)
    await let_know(ben, room_id, level="all")
    bens = await subscribed(ben, service)
    came, goes_on = asyncio.Event(), asyncio.Event()

    async def answer(browser: Browser) -> web.Response:
        if browser is bens:
            came.set()
            await goes_on.wait()
        return web.Response(status=410 if browser is bens else 201)

    service.answer = answer
    await ada.say(room_id, "Hello")
    await came.wait()
    await ben.call("DELETE", "/api/push", {"endpoint": bens.endpoint})
    cleos = await subscribed(cleo, service)
    goes_on.set()
    await ada.say(room_id, "To @Cleo")
    await service.until(lambda: bool(cleos.got))
    await until(lambda: not server.app.pushing._flying)
    assert await devices(cleo) == 1


@pytest.mark.long("what could not be looked up tells most")
@pytest.mark.usefixtures("soon")
async def test_nothing_is_told_twice_while_nothing_can_be_stored(
    person: People, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    real, tries = notices.settle, 0

    async def settle(*args: Any) -> None:
        nonlocal tries
        tries += 1
        if tries <= 3:
            raise Unavailable
        await real(*args)

    monkeypatch.setattr(notices, "settle", settle)
    sent = await ada.say(room_id, "Hello")
    await until(lambda: tries > 3)
    await ben.call("PUT", f"/api/conversations/{room_id}/read", {"seq": sent["seq"]})
    await service.until(lambda: browser.got[-1]["kind"] == "gone")
    assert [said["kind"] for said in browser.got] == ["talk", "gone"]


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    "name",
    some(["make_due", "followers", "due", "decide"], every=4, why="one tells most of it"),
)
async def test_what_could_not_be_looked_up_once_is_told_all_the_same(
    person: People, service: Service, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    fails_once(monkeypatch, name)
    await ada.say(room_id, "Hello")
    await service.until(lambda: bool(browser.got))


@pytest.mark.long("what could not be looked up tells most")
@pytest.mark.usefixtures("soon")
async def test_what_could_not_be_looked_at_again_once_is_taken_away(
    person: People, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben, room_id = await a_talk(person)
    browser = await subscribed(ben, service)
    sent = await ada.say(room_id, "Oh no")
    await service.until(lambda: bool(browser.got))
    fails_once(monkeypatch, "look_again")
    await ada.ask("delete_message", {"room_id": room_id, "id": sent["id"]})
    await service.until(lambda: browser.got[-1]["kind"] == "gone")


@pytest.mark.long("what was said before an end tells most")
async def test_what_was_deleted_as_the_server_ended_is_taken_away_after_it(
    own_config: Config, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = Person("Ada", ""), Person("Ben", "")
    with monkeypatch.context() as stopped:
        async with running(own_config) as first:
            ada.url = ben.url = first.url
            room_id = await ada.starts()
            await ada.joins_over_rest(room_id)
            await ben.joins_over_rest(room_id)
            browser = await subscribed(ben, service)
            path = f"/api/conversations/{room_id}/messages"
            _, sent = await ada.call("POST", path, {"message": "Oh no"})
            await service.until(lambda: bool(browser.got))
            await until(lambda: not first.app.pushing._flying)
            fails_once(stopped, "look_again", count=1_000)
            status, _ = await ada.call("DELETE", f"{path}/{sent['id']}")
            assert status == 200
    assert len(browser.got) == 1
    async with running(own_config):
        await service.until(lambda: len(browser.got) == 2)
    assert browser.got[1]["kind"] == "gone"
    for each in (ada, ben):
        await each.goes_home()


@pytest.mark.long("a message tells most of it")
async def test_an_invitation_as_the_server_ended_is_told_after_it_and_once(
    own_config: Config, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = Person("Ada", ""), Person("Ben", "")
    with monkeypatch.context() as stopped:
        async with running(own_config) as first:
            ada.url = ben.url = first.url
            room_id = await ada.starts()
            await ada.joins_over_rest(room_id)
            _, kept = await ben.call("POST", "/api/account", {"name": "Ben"})
            ben.token = kept["token"]
            _, made = await ben.call("POST", "/api/account/contact-link")
            browser = await subscribed(ben, service)
            fails_once(stopped, "invited", count=1_000)
            body = {"contact": made["contact_link"]}
            status, _ = await ada.call("POST", f"/api/conversations/{room_id}/invites", body)
            assert status == 200
    assert not browser.got
    for _ in range(2):
        async with running(own_config) as again:
            await service.until(lambda: bool(browser.got))
            await until(lambda: not again.app.pushing._invited and not again.app.pushing._flying)
    assert [told["kind"] for told in browser.got] == ["invite"]
    for each in (ada, ben):
        await each.goes_home()


@pytest.mark.parametrize("of", some(["pause", "quiet hours"], every=2, why="one tells most of it"))
async def test_what_waits_for_the_end_of_quiet_is_told_when_that_ends_sooner(
    person: People, service: Service, monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    ada, ben, room_id = await a_talk(person)
    now = datetime.now(UTC)
    start, end = (f"{now + timedelta(hours=by):%H:%M}" for by in (-1, 1))
    quiet = {"start": start, "end": end, "time_zone": "UTC"} if of == "quiet hours" else None
    browser = await subscribed(ben, service, quiet_hours=quiet)
    if of == "pause":
        await let_know(ben, room_id, quiet_for_s=3600)
    stored = those_settled(monkeypatch)
    await ada.say(room_id, "Later")
    await until(lambda: any(isinstance(each.decision, PuttingOff) for each in stored))
    assert not browser.got
    if of == "pause":
        await let_know(ben, room_id, quiet_for_s=0)
    else:
        await ben.call("POST", "/api/push", browser.subscription)
    await service.until(lambda: bool(browser.got))
    assert browser.got[0]["text"] == "Later"


@pytest.mark.long("it waits for three notifications")
@pytest.mark.usefixtures("brief_rest")
async def test_an_owner_is_told_of_a_knock_once_whatever_they_read(
    person: People, service: Service
) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id = await ada.starts()
    path = f"/api/conversations/{room_id}"
    await ada.joins_over_rest(room_id)
    await ada.call("PATCH", path, {"knock": True})
    browser = await subscribed(ada, service)
    await ben.call("POST", f"{path}/knock", {"username": "Ben"})
    await service.until(lambda: bool(browser.got))
    for text in ("One", "Two", "Three"):
        _, sent = await ada.call("POST", f"{path}/messages", {"message": text})
        await ada.call("PUT", f"{path}/read", {"seq": sent["seq"]})
    _, knock = await cleo.call("POST", f"{path}/knock", {"username": "Cleo"})
    await service.until(lambda: len(browser.got) == 2)
    assert [(said["sender"], said["count"]) for said in browser.got] == [("Ben", 1), ("Cleo", 2)]
    # One that is answered makes no sound of the other.
    await ada.call("POST", f"{path}/knocks/{knock['id']}", {"admit": False})
    await service.until(lambda: len(browser.got) == 3)
    assert (browser.got[2]["sender"], browser.got[2]["silent"]) == ("Ben", True)
