"""Reading is limited as everything else is: whatever address is read, and whoever reads it."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from werkzeug.routing import Rule

from parley.app import create_app
from parley.config import Config
from parley.errors import RateLimited
from parley.limits.limiter import Kind, Who
from parley.pages.assets import ICONS
from parley.pages.client import ADDRESS as CLIENT
from parley.pages.client import TYPES_ADDRESS as TYPES
from parley.pages.framing import SCRIPT
from parley.pages.manifest import ADDRESS as MANIFEST
from parley.pages.worker import ADDRESS as WORKER
from parley.wire import pace
from tests import lasting
from tests.effort import IS_EVERYTHING
from tests.security import kept
from tests.security.conftest import Guest, Open

pytestmark = lasting.in_one_loop
servers, opened = kept.servers, kept.opened

HELD_READY = {*ICONS, MANIFEST, WORKER, SCRIPT, CLIENT, TYPES, "/static/<version>/<path:name>"}
FREE = {"/api/health", "/api/ready", *HELD_READY}
"""Probes cost no more than a refusal would; files are held ready, and cached by who read them."""
FREE |= {"/files/<file_id>/<name>"}
"""What was uploaded has a limit of its own: tests/security/test_limits.py."""
PAGE = {"Origin": "", "Sec-Fetch-Site": "same-origin"}
NOBODY_IN_PARTICULAR = Who("", "127.0.0.1")


def rules(method: str) -> list[Rule]:
    app = create_app(Config())
    return [rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())]


def address(rule: Rule) -> str:
    """Some address that the rule leads to."""
    path = rule.rule
    for argument in rule.arguments:
        path = path.replace(f"<{argument}>", "tea-room").replace(f"<path:{argument}>", "tea")
    return path


def is_for_programs(path: str) -> bool:
    return path.startswith(("/api", "/hooks/")) or path in ("/openapi.json", "/asyncapi.json")


READ = sorted({address(rule) for rule in rules("GET") if rule.rule not in FREE})
FORMS = sorted({address(rule) for rule in rules("POST") if not is_for_programs(rule.rule)})


def test_the_tables_are_not_empty_by_mistake() -> None:
    assert {rule.rule for rule in rules("GET")} >= FREE
    assert {"/", "/conversation/tea-room", "/api/conversations", "/openapi.json"} <= set(READ)
    assert "/conversation/tea-room/messages" in FORMS


async def refused(http: aiohttp.ClientSession, method: str, url: str, path: str) -> str:
    """What the refusal says."""
    form = {"message": ""} if method == "POST" else None
    async with http.request(method, url + path, headers=PAGE, data=form) as reply:
        assert (reply.status, path) == (429, path)
        assert (reply.headers["Retry-After"], path) == ("60", path)
        is_page = reply.content_type == "text/html"
        assert (is_page, path) == (not is_for_programs(path), path)
        return await reply.text()


@pytest.mark.longer
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_whatever_is_read_is_counted(opened: Open, method: str) -> None:
    async with opened(limit_reads="1/1m address") as house, aiohttp.ClientSession() as http:
        await house.server.app.limits.spend(Kind.READS, NOBODY_IN_PARTICULAR)
        every = 4 if method == "HEAD" and not IS_EVERYTHING else 1
        paths = (*READ[::every], "/there-is-no-such-page", "/api/nor-such-a-call")
        told = await asyncio.gather(*(refused(http, method, house.url, path) for path in paths))
        assert all(("Please wait 60 seconds" in text) is (method == "GET") for text in told)


async def test_each_reading_counts_as_one(opened: Open) -> None:
    async with opened(limit_reads="2/1m address") as house, aiohttp.ClientSession() as http:
        for path in READ:
            async with http.get(house.url + path) as reply:
                assert (reply.status == 429, path) == (False, path)
            limits = house.server.app.limits
            await limits.spend(Kind.READS, NOBODY_IN_PARTICULAR)
            with pytest.raises(RateLimited):
                await limits.require(Kind.READS, NOBODY_IN_PARTICULAR)
            house.clock.goes_on(60)


async def test_what_a_form_is_answered_with_is_read_too(opened: Open) -> None:
    async with opened(limit_reads="1/1m address") as house, aiohttp.ClientSession() as http:
        await house.server.app.limits.spend(Kind.READS, NOBODY_IN_PARTICULAR)
        told = await asyncio.gather(*(refused(http, "POST", house.url, path) for path in FORMS))
        assert all("Please wait 60 seconds" in text for text in told)


async def test_refusals_use_up_an_addresss_turns_sooner_than_answers(own_opened: Open) -> None:
    async with own_opened(limit_reads="2/1m address") as house, aiohttp.ClientSession() as http:
        by = house.server.app.realtime.server.eio.pace
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pace, "PACKETS_PER_S", 0.0)
            spent = []
            for status in (200, 200, 429):
                async with http.get(f"{house.url}/api/conversations") as reply:
                    assert reply.status == status
                spent.append(pace.BURST_PACKETS - by._shares["127.0.0.1"].left)
        first, second, refused = spent
        assert second - first == first
        assert refused - second == first + pace.REFUSAL_PACKETS


async def test_probes_files_and_preflights_are_free(opened: Open) -> None:
    async with opened(limit_reads="1/1m address") as house, aiohttp.ClientSession() as http:
        await house.server.app.limits.spend(Kind.READS, NOBODY_IN_PARTICULAR)
        for path in ("/api/health", "/api/ready"):
            async with http.get(house.url + path) as reply:
                assert reply.status == 200
        async with http.get(house.url + "/static/0/css/base.css") as reply:
            assert reply.status != 429
        async with http.options(house.url + "/api/conversations") as reply:
            assert reply.status == 200


async def test_a_refused_page_leads_back_to_itself(opened: Open) -> None:
    async with opened(limit_reads="1/1m address") as house, aiohttp.ClientSession() as http:
        await house.server.app.limits.spend(Kind.READS, NOBODY_IN_PARTICULAR)
        async with http.get(f"{house.url}/conversations?q=tea") as reply:
            page = await reply.text()
            assert '<a class="button primary" href="/conversations?q=tea">Try again</a>' in page
            assert page.lower().count("too many requests") == 1  # the title says what to do
        async with http.get(f"{house.url}//evil.example/") as reply:
            assert 'href="//evil' not in await reply.text()


async def test_one_readers_limit_is_nobody_elses(opened: Open) -> None:
    async with opened(limit_reads="2/10s session") as house:
        ada, ben = house.guest("Ada"), house.guest("Ben")
        path = f"/api/conversations/{await ada.starts()}"
        await ben.joins_over_rest(path.rsplit("/", 1)[1])
        for who in (ada, ben):
            assert [(await who.call("GET", path))[0] for _ in range(3)] == [200, 200, 429]
        house.clock.goes_on(10)
        assert (await ada.call("GET", path))[0] == 200


async def test_sync_counts_as_reading(opened: Open, transports: tuple[str, ...]) -> None:
    async with opened(limit_reads="3/10s session") as house:
        ada = house.guest("Ada", transports=transports)
        room_id = await ada.starts()
        await ada.connect(auth={"token": ada.token})
        await ada.join(room_id)
        sync = {"room_id": room_id, "since": 0}
        assert [(await ada.ask("sync", sync))["ok"] for _ in range(3)] == [True] * 3
        answer = await ada.ask("sync", sync)
        assert (answer["code"], answer["retry_after"]) == ("rate_limited", 10.0)
        assert (await ada.call("GET", f"/api/conversations/{room_id}"))[0] == 429
        assert (await ada.say(room_id, "Talking is no reading"))["ok"]


async def test_who_reads_along_without_a_name_is_counted_by_address(opened: Open) -> None:
    async with opened(limit_reads="1/10s address") as house:
        room_id = await house.guest("Ada").starts()
        cleo = house.guest("Cleo")
        await cleo.connect()
        assert (await cleo.ask("watch_room", {"room_id": room_id}))["ok"]
        sync = {"room_id": room_id, "since": 0}
        assert (await cleo.ask("sync", sync))["ok"]
        assert (await cleo.ask("sync", sync))["code"] == "rate_limited"


@pytest.mark.long("a whole class")
async def test_a_class_behind_one_address_opens_the_page_and_scrolls(opened: Open) -> None:
    async with opened() as house:
        room_id = await house.guest("Ada").starts()
        pupils = [house.guest(f"Pupil {number}") for number in range(30)]

        async def reads(pupil: Guest) -> None:
            async with aiohttp.ClientSession() as http:
                for path in ("/", "/conversations", f"/conversation/{room_id}"):
                    async with http.get(house.url + path) as page:
                        assert page.status == 200
            history = f"/api/conversations/{room_id}/messages?before=1000"
            assert [(await pupil.call("GET", history))[0] for _ in range(5)] == [200] * 5

        await asyncio.gather(*(reads(pupil) for pupil in pupils))
