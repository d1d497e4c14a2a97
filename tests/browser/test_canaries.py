"""What is written in an encrypted conversation is nowhere but in the browsers of those who have its
key: not in the database or its log, the server's memory, its log, on the wire, in addresses,
notifications or mails. The same acts in an open one show that the search finds what is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import expect

from parley.client.encryption import Epoch, LinkKey
from parley.client.encryption.octets import to_base64url
from tests.browser import canaries
from tests.browser.canaries import Canaries
from tests.browser.conftest import Arrive
from tests.browser.making_files import payload
from tests.browser.recording import Recorder, recording
from tests.browser.seeding import PATIENCE_S
from tests.browser.test_encrypted_page import copied_link, starts_encrypted
from tests.browser.test_files import chips, chooses, sends
from tests.browser.test_mail import link as link_in
from tests.browser.test_reactions import asks_to_react, picker
from tests.browser.test_searching import opens_search
from tests.browser.visitor import SLOW_MS, Visitor
from tests.mail.postbox import Postbox, postbox, text_of
from tests.push.service import NETWORKS, Service, certificates, serving
from tests.servers import Process, free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sqlite("looks into the files of its database"),
    pytest.mark.timeout(600),
]

ADDRESS = "ben@example.org"
TWO_HOURS_MS = 2 * 3_600_000
SAID = {"title", "description", "message", "edit", "filename", "content", "late"}
"""Whose words the server of an open conversation has, besides those of its search."""
OPEN_EMOJI, SEALED_EMOJI = "👍", "😮"
"""The scripts have all emoji, so these are looked for where no script goes."""
LOOKED_AFTER = {"edited", "sent a file", "half written"}
"""Each look at the memory takes some seconds."""


@dataclass
class World:
    """All that is outside the server, in a thread of its own: Playwright has this one's."""

    box: Postbox
    service: Service
    wire: Recorder
    loop: asyncio.AbstractEventLoop

    def told(self, browser: Any, pushes: int) -> None:
        """Wait until a browser was told so often."""
        until = self.service.until(lambda: len(browser.got) >= pushes)
        asyncio.run_coroutine_threadsafe(until, self.loop).result(PATIENCE_S * 4)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    ready, loop, done = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
    found: list[World] = []
    folder = tmp_path / "certificates"
    folder.mkdir()
    certificates(folder)

    async def run() -> None:
        async with postbox() as box, serving(folder) as service, recording() as wire:
            found.append(World(box, service, wire, loop))
            ready.set()
            await done.wait()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert ready.wait(PATIENCE_S)
    yield found[0]
    loop.call_soon_threadsafe(done.set)
    thread.join(PATIENCE_S)
    loop.close()


@pytest.fixture
def server(tmp_path: Path, world: World) -> Iterator[Process]:
    """One that logs all it ever logs, and tells people by every way there is."""
    port = free_port()
    flags = {
        "--port": str(port),
        "--public-url": f"http://localhost:{world.wire.port}",
        "--smtp-url": world.box.url,
        "--mail-from": "parley@example.org",
        "--push-networks": NETWORKS,
        "--push-contact": "mailto:host@example.org",
        "--log-level": "debug",
    }
    authority = certificates_of(tmp_path)
    made = Process(
        tmp_path / "data",
        *(part for flag in flags.items() for part in flag),
        environ={"SSL_CERT_FILE": str(authority)},
    )
    made.start()
    world.wire.upstream = port
    yield made
    if made.is_running:
        made.stop()


def certificates_of(tmp_path: Path) -> Path:
    """The authority's, which vouches for the push service."""
    [found] = [
        each for each in (tmp_path / "certificates").glob("*.pem") if "service" not in each.name
    ]
    return found


@dataclass
class Search:
    """What of some words was found, by where."""

    words: Canaries
    secrets: dict[str, bytes] = field(default_factory=dict)
    found: dict[str, set[str]] = field(default_factory=dict)

    def look(self, where: str, octets: Iterator[bytes]) -> None:
        for each in octets:
            places = self.words.found_in(each)
            for name, secret in self.secrets.items():
                if any(some in each for some in (secret, *canaries.spelled(secret))):
                    places.add(name)
            self.found.setdefault(where, set()).update(places)

    def empty(self) -> dict[str, set[str]]:
        return {where: places for where, places in self.found.items() if places}


def look_into(server: Process, data: Path, *searches: Search) -> None:
    """The server's memory and files as they are at this moment."""
    pids = canaries.family(server.pid)
    for octets in canaries.memory_of(pids):
        for each in searches:
            each.look("memory", iter([octets]))
    for octets in canaries.files_below(data):
        for each in searches:
            each.look("files", iter([octets]))


def acts(ada: Visitor, ben: Visitor, words: Canaries, emoji: str) -> Iterator[str]:
    """All that one does with words, on the page of a conversation where both are."""
    ada.says(words("message"))
    ben.reads(words("message"))
    yield "said"
    ada.composer.press("ArrowUp")
    expect(ada.page.get_by_text("Editing your message")).to_be_visible()
    ada.composer.fill(words("edit"))
    ada.composer.press("Enter")
    expect(ben.message(words("edit"))).to_have_count(1)
    yield "edited"
    content = f"{words('content')} " * 400
    chooses(ada, payload(f"{words('filename')}.txt", content.encode(), "text/plain"))
    expect(chips(ada)).to_have_attribute("data-status", "done")
    ada.composer.fill(words("beside"))
    sends(ada)
    ben.reads(words("beside"))
    yield "sent a file"
    asks_to_react(ben, words("beside"))
    picker(ben).get_by_role("button", name=emoji).click()
    expect(ada.message(words("beside")).locator(".reaction")).to_have_count(1)
    yield "reacted"
    opens_search(ben).fill(words("search"))
    expect(ben.page.locator(".found-status")).to_have_text(re.compile("Nothing found"))
    ben.page.keyboard.press("Escape")
    yield "searched"
    ben.types(words("draft"))
    expect(ada.page.locator("#typing")).to_contain_text("Ben")
    yield "half written"


def test_words_are_nowhere_but_in_browsers_that_have_the_key(
    arrive: Arrive, server: Process, world: World, tmp_path: Path
) -> None:
    data, url = tmp_path / "data", f"http://localhost:{world.wire.port}"
    open_, sealed = Search(Canaries()), Search(Canaries())
    ada, ben = arrive("Ada", url=url), arrive("Ben", url=url)
    ben.may_meet("status 403", "status 404", "console: Failed to load resource")
    urls: list[str] = []
    for who in (ada, ben):
        who.context.on("request", lambda request: urls.append(request.url))

    links = {
        "open": ada.starts_by_hand(open_.words("title"), description=open_.words("description"))
    }
    ada.joins()
    ben.comes_by_hand(links["open"])
    for done in acts(ada, ben, open_.words, OPEN_EMOJI):
        if done in LOOKED_AFTER:
            look_into(server, data, open_)

    links["sealed"] = starts_encrypted(ada, sealed.words("title"), sealed.words("description"))
    key = links["sealed"].partition("#k=")[2][:43]
    sealed.secrets = {"key": key.encode(), "its bytes": LinkKey.parse(f"k={key}").key}
    open_.secrets = {"id": links["open"].rpartition("/")[2].encode()}
    ben.opens(links["sealed"])
    ben.joins()
    expect(ben.page.locator(".bar-title")).to_have_text(sealed.words("title"))
    for done in acts(ada, ben, sealed.words, SEALED_EMOJI):
        if done in LOOKED_AFTER:
            look_into(server, data, open_, sealed)
        urls += [ada.page.url, ben.page.url]
    assert copied_link(ada) == links["sealed"]
    passphrase_tried(ben, url, sealed.words("passphrase"))
    ben.opens(f"/conversation/{open_.words('address')}")

    browser = wants_to_be_told(ben, world, url)
    ben.goes_home()
    for search, link in ((open_, links["open"]), (sealed, links["sealed"])):
        ada.opens(link)
        ada.is_connected()
        ada.says(search.words("late"))
    world.told(browser, 2)
    look_into(server, data, open_, sealed)
    ada.goes_home()
    code, logged = server.stop()
    assert code == 0
    hours_pass(data)
    server.start()
    with world.box.news:
        assert world.box.news.wait_for(lambda: len(told(world.box)) >= 1, PATIENCE_S * 2)
    look_into(server, data, open_, sealed)
    logged += server.stop()[1]

    for each in (open_, sealed):
        each.look("files", canaries.files_below(data))
        each.look("log", iter([logged.encode()]))
        each.look("sent", world.wire.said())
        each.look("answered", world.wire.heard())
        each.look("addresses", (url.encode() for url in urls))
        each.look("notifications", (repr(each).encode() for each in browser.got))
        each.look("mail", (text_of(mail).encode() for mail in told(world.box)))
    assert sealed.empty() == {}
    sent_and_stored = b"".join((*world.wire.said(), *canaries.files_below(data)))
    assert OPEN_EMOJI.encode() in sent_and_stored
    assert SEALED_EMOJI.encode() not in sent_and_stored

    # What the search for it proves is as much as it finds elsewhere.
    # The name of a file goes in base64 there.
    assert open_.found["sent"] >= SAID - {"filename"} | {"search", "beside", "id", "spelled"}
    assert open_.found["answered"] >= {"title", "message", "edit", "filename"}
    assert open_.found["files"] >= {
        "id",
        "title",
        "description",
        "edit",
        "filename",
        "content",
        "late",
    }
    assert open_.found["memory"] >= {
        "id",
        "title",
        "message",
        "edit",
        "filename",
        "content",
        "search",
    }
    assert open_.found["log"] == {"address", "id"}
    assert open_.found["addresses"] >= {"search", "address"}
    assert open_.found["notifications"] >= {"title", "late"}
    assert open_.found["mail"] >= {"title", "late"}


def passphrase_tried(who: Visitor, url: str, passphrase: str) -> None:
    """Open a conversation whose link asks for one."""
    key = LinkKey.generate(with_passphrase=True)
    epoch = Epoch.derive(key.key, stretched=key.stretched(passphrase))
    made = requests.post(
        f"{url}/api/conversations/create",
        json={"encrypted": True, "read_proof_hash": to_base64url(epoch.proof_hash)},
        timeout=PATIENCE_S,
    ).json()
    who.opens(f"/conversation/{made['room_id']}#{key.fragment()}")
    who.page.get_by_label("Passphrase").fill(passphrase)
    who.page.get_by_role("button", name="Open").click()
    expect(who.name_field).to_be_visible(timeout=SLOW_MS)


def wants_to_be_told(who: Visitor, world: World, url: str) -> Any:
    """By notification and mail, with words in both: their browser, as the push service has it."""
    who.opens("/mail")
    who.page.get_by_label("Your e-mail address").fill(ADDRESS)
    who.page.get_by_label("Quote the first words").check()
    who.page.get_by_role("button", name="Send me a link to confirm").click()
    who.opens(link_in(world.box, ADDRESS, "confirm"))
    who.page.get_by_role("button", name="Confirm").click()
    expect(who.page.get_by_role("heading", name="Address confirmed")).to_be_visible()
    made = threading.Event()
    found: list[Any] = []

    def make() -> None:
        found.append(world.service.browser())
        made.set()

    world.loop.call_soon_threadsafe(make)
    assert made.wait(PATIENCE_S)
    [browser] = found
    reply = requests.post(
        f"{url}/api/push",
        json=browser.subscription,
        headers={"Authorization": f"Bearer {who.session()}"},
        timeout=PATIENCE_S,
    )
    assert reply.ok, reply.text
    return browser


def hours_pass(data: Path) -> None:
    """As if all had been said two hours ago: then it is told of by mail."""
    database = sqlite3.connect(data / "parley.db", timeout=PATIENCE_S)
    with contextlib.closing(database), database:
        database.execute("UPDATE messages SET sent_at = sent_at - ?", (TWO_HOURS_MS,))
        database.execute(
            "UPDATE mail_addresses SET confirmed_at = confirmed_at - ?1, told_at = told_at - ?1",
            (2 * TWO_HOURS_MS,),
        )


def told(box: Postbox) -> list[Any]:
    return [mail for mail in box.to(ADDRESS) if "New messages" in str(mail["Subject"])]
