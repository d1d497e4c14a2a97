"""A conversation that the server can't read, on the page: it works as any other, and tells
nothing.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import expect

from parley.client.encryption import Epoch, LinkKey, Opener, Person, Sealer, Unreadable
from parley.client.encryption.octets import to_base64url
from tests.browser import chromium
from tests.browser.conftest import Arrive
from tests.browser.making_files import payload
from tests.browser.seeding import PATIENCE_S
from tests.browser.test_files import chips, chooses
from tests.browser.test_reactions import asks_to_react, picker
from tests.browser.test_searching import opens_search
from tests.browser.visitor import Visitor
from tests.servers import Process

pytestmark = pytest.mark.browser

ENCRYPTED = "Encrypted"
COPIES = """
if (globalThis.Clipboard) {
  Clipboard.prototype.writeText = async (text) => void (globalThis.copied = text);
}
"""
"""The page itself may not look at what it copied; one that isn't secure has none of it."""


def starts_encrypted(who: Visitor, title: str = "", description: str = "") -> str:
    """From the home page, as people do; gives the whole link."""
    who.context.add_init_script(COPIES)
    who.opens("/")
    if title:
        who.page.get_by_label("What is it about?").fill(title)
    if description:
        who.page.get_by_text("Add a description").click()
        who.page.get_by_label("Description", exact=True).fill(description)
    who.page.get_by_label(ENCRYPTED).check()
    who.page.get_by_role("button", name="Start a conversation").click()
    who.page.wait_for_url("**/conversation/*")
    who.joins()
    return copied_link(who)


def copied_link(who: Visitor) -> str:
    who.page.locator(".invite copy-link button").click()
    expect(who.page.get_by_text(re.compile(r"^Copied\. (Whoever|Tell)")).first).to_be_visible()
    link = str(who.page.evaluate("() => globalThis.copied"))
    assert "#k=" in link
    return link


class Stranger:
    """A program with the link, and a client of its own: what the server has, it opens."""

    def __init__(self, link: str, name: str) -> None:
        parts = urlsplit(link)
        self.room_id = parts.path.rpartition("/")[2]
        self.base = link.partition("/conversation/")[0]
        self.epoch = Epoch.derive(LinkKey.parse(parts.fragment).key)
        joined = self.call("join", username=name, read_proof=to_base64url(self.epoch.proof))
        self.token, self.user_id = joined["token"], joined["user_id"]
        self.sealer = Sealer(self.epoch, self.epoch.room, Person.generate(), self.user_id)

    token = ""

    def call(self, path: str, **body: object) -> dict[str, Any]:
        reply = requests.request(
            "POST" if body else "GET",
            f"{self.base}/api/conversations/{self.room_id}/{path}",
            json=body or None,
            headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
            timeout=PATIENCE_S,
        )
        assert reply.ok, reply.text
        answer: dict[str, Any] = reply.json()
        return answer

    def says(self, text: str, client_id: str) -> None:
        envelope = self.sealed(text, client_id)
        self.call("messages", message=envelope, type="encrypted", client_id=client_id)

    def sealed(self, text: str, client_id: str) -> str:
        return self.sealer.seal(json.dumps({"text": text}).encode(), client_id=client_id)

    def bodies(self) -> list[dict[str, object]]:
        """What was said, opened."""
        return self.opened(self.call("messages?limit=100")["messages"])

    def opened(self, messages: list[dict[str, Any]]) -> list[dict[str, object]]:
        """Those of them that the key of the link opens."""
        opener = Opener(self.epoch.room, self.epoch)
        found = []
        for each in messages:
            if each.get("deleted"):
                continue
            by = {"user_id": each["user_id"], "client_id": each["client_id"]}
            with contextlib.suppress(Unreadable):
                found.append(json.loads(opener.open(each["message"], **by).body))
        return found


def test_people_talk_by_a_link_whose_key_the_server_never_gets(
    ada: Visitor, ben: Visitor, data: Path
) -> None:
    urls: list[str] = []
    for who in (ada, ben):
        who.context.on("request", lambda request: urls.append(f"{request.url} {request.post_data}"))
    ben.may_meet("status 403", "console: Failed to load resource")
    link = starts_encrypted(ada, "Canary plans")
    key = link.partition("#k=")[2][:43]
    ben.opens(link)
    ben.page.wait_for_url(re.compile(r"/conversation/[\w-]+$"))
    ben.joins()
    ada.says("The canary sings at dawn")
    ben.reads("The canary sings at dawn")
    ben.says("Heard the canary")
    ada.reads("Heard the canary")
    expect(ben.page.locator(".bar-title")).to_have_text("Canary plans")
    for who in (ada, ben):
        who.reloads()
        who.is_connected()
        who.reads_once("The canary sings at dawn")
        who.reads_once("Heard the canary")
        assert "k=" not in who.page.url
        assert key not in who.page.content()
        expect(who.page.locator(".bar-title")).to_have_text("Canary plans")
    cleo = Stranger(link, "Cleo")
    cleo.says("Written by a program", "c-1")
    ada.reads("Written by a program")
    ben.reads("Written by a program")
    assert [body.get("text") for body in cleo.bodies() if "text" in body] == [
        "The canary sings at dawn",
        "Heard the canary",
        "Written by a program",
    ]
    assert not any("canary" in each.lower() or key in each for each in urls)
    for path in data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert key.encode() not in content, path
            assert b"canary" not in content.lower(), path


def test_answers_edits_reactions_and_deletions_are_as_anywhere(ada: Visitor, ben: Visitor) -> None:
    ben.may_meet("status 403", "console: Failed to load resource")
    link = starts_encrypted(ada)
    ben.opens(link)
    ben.joins()
    ada.says("Tea at four?")
    ben.reads("Tea at four?")
    ben.message("Tea at four?").last.hover()
    ben.message("Tea at four?").last.focus()
    ben.page.keyboard.press("r")
    ben.says("Yes")
    expect(ada.message("Yes").last.locator(".quote")).to_contain_text("Tea at four?")
    ada.composer.press("ArrowUp")
    expect(ada.page.get_by_text("Editing your message")).to_be_visible()
    ada.composer.fill("Tea at five?")
    ada.composer.press("Enter")
    expect(ben.message("Tea at five?")).to_have_count(1)
    expect(ben.message("Yes").last.locator(".quote")).to_contain_text("Tea at five?")
    for who in (ada, ben):
        who.reloads()
        who.is_connected()
        who.reads_once("Tea at five?")
        expect(who.message("Yes").last.locator(".quote")).to_contain_text("Tea at five?")


def test_two_see_the_same_numbers_and_the_key_can_be_forgotten(ada: Visitor, ben: Visitor) -> None:
    ben.may_meet("status 403", "console: Failed to load resource")
    link = starts_encrypted(ada)
    ada.says("Is it you?")
    ben.opens(link)
    ben.joins()
    ben.says("It is")
    ada.reads("It is")
    for who in (ada, ben):
        who.page.locator("#safety summary").click()
        expect(who.page.locator("#safety-numbers li")).to_have_count(2)
    numbers = [
        {
            row.locator("bdi").inner_text(): row.locator("code").inner_text()
            for row in who.page.locator("#safety-numbers li").all()
        }
        for who in (ada, ben)
    ]
    assert numbers[0]["You"] == numbers[1]["Ada"]
    assert numbers[0]["Ben"] == numbers[1]["You"]
    ben.page.locator("#forget summary").click()
    ben.page.get_by_role("button", name="Forget the key here").click()
    ben.page.wait_for_url(re.compile(r"/$"))
    ben.opens(link.partition("#")[0])
    expect(ben.page.locator("#unlock-text")).to_contain_text("has lost its key")
    ben.opens(link)  # in the same tab
    ben.reads("It is")


def test_what_is_forgotten_in_one_tab_no_other_keeps_again(ada: Visitor, ben: Visitor) -> None:
    ben.may_meet("status 40[39]", "console: Failed to load resource")
    link = starts_encrypted(ada)
    ada.says("Before")
    ben.opens(link)
    ben.joins()
    ben.reads("Before")
    other = ben.opens_another_tab()
    expect(other.get_by_text("Before")).to_be_visible()
    ben.page.locator("#forget summary").click()
    ben.page.get_by_role("button", name="Forget the key here").click()
    ben.page.wait_for_url(re.compile(r"/$"))
    # The other tab still reads, and sees keys that it has not seen before.
    Stranger(link, "Eve").says("After", "e-1")
    expect(other.get_by_text("After", exact=True)).to_be_visible()
    other.wait_for_timeout(500)
    ben.opens(link.partition("#")[0])
    expect(ben.page.locator("#unlock-text")).to_contain_text("has lost its key")


def test_the_key_stays_and_the_page_says_so_where_what_forgets_it_does_not_load(
    ada: Visitor,
) -> None:
    ada.may_meet("failed: ", "console: Failed to load resource")
    starts_encrypted(ada)
    missing = re.compile(r"/(soon|over|comparing|qr)(-[\w-]+)?\.js$")
    ada.page.route(missing, lambda route: route.abort())
    ada.reloads()
    ada.is_connected()
    ada.page.locator("#key-qr summary").click()
    expect(ada.page.locator("#key-qr")).to_contain_text("The QR code didn't load.")
    ada.page.locator("#safety summary").click()
    expect(ada.page.locator("#safety-numbers")).to_contain_text("The numbers didn't load.")
    ada.page.locator("#forget summary").click()
    ada.page.get_by_role("button", name="Forget the key here").click()
    ada.page.get_by_role("dialog").get_by_role("button", name="Forget the key").click()
    expect(ada.page.locator("#forget-problem")).to_contain_text("The key is still here")
    ada.page.unroute_all()
    ada.reloads()
    ada.is_connected()


LABEL = b"parley-encryption-1"
"""Stands in all that is hashed, derived or signed, and so in every script that encrypts."""


def scripts_of(who: Visitor) -> list[str]:
    """The addresses of all that their pages load from now on."""
    found: list[str] = []
    who.context.on(
        "response", lambda answer: found.append(answer.url) if ".js" in answer.url else None
    )
    return found


def encrypting(addresses: list[str]) -> list[str]:
    return [
        address
        for address in dict.fromkeys(addresses)
        if LABEL in requests.get(address, timeout=PATIENCE_S).content
    ]


def test_nothing_of_it_is_loaded_where_nothing_is_encrypted(ada: Visitor, ben: Visitor) -> None:
    loaded = scripts_of(ada)
    ben.comes(ada.starts_by_hand("Tea"))
    ada.joins()
    ada.says("**Tea** at four, @Ben?")
    ben.says("Yes")
    ada.reads("Yes")
    chooses(ada, payload("list.txt", b"Cups", "text/plain"))
    expect(chips(ada)).to_have_attribute("data-status", "done")
    ada.says("A list")
    asks_to_react(ada, "Yes")
    picker(ada).get_by_role("button", name="👍").click()
    opens_search(ada).fill("tea")
    expect(ada.page.locator(".found-status")).to_contain_text("result")
    ada.page.keyboard.press("Escape")
    # What is loaded once nothing else is to be done has been asked for by then.
    ada.page.evaluate("() => new Promise((done) => requestIdleCallback(done))")
    ada.page.wait_for_load_state("networkidle")
    assert len(loaded) > 5
    assert encrypting(loaded) == []
    starts_encrypted(ada)
    assert encrypting(loaded) != []


def test_what_it_is_about_shows_before_it_is_said(ada: Visitor) -> None:
    ada.opens("/")
    ada.page.get_by_label("What is it about?").fill("Tea plans")
    ada.page.get_by_label(ENCRYPTED).check()
    ada.page.get_by_role("button", name="Start a conversation").click()
    ada.page.wait_for_url("**/conversation/*")
    for _ in range(2):
        expect(ada.page.locator(".opening-title")).to_have_text("Tea plans")
        expect(ada.page.locator(".bar-title")).to_have_text("Tea plans")
        ada.reloads()
    ada.joins()
    ada.says("Hello")
    ada.reloads()
    expect(ada.page.locator(".opening-title")).to_have_text("Tea plans")
    ada.page.get_by_role("link", name="Manage").click()
    expect(ada.page).to_have_title("Manage an encrypted conversation · parley")


def test_a_link_without_its_key_says_so_and_asks_for_it(ada: Visitor, ben: Visitor) -> None:
    ben.may_meet("status 403", "console: Failed to load resource")
    link = starts_encrypted(ada)
    ada.says("Hello")
    ben.opens(link.partition("#")[0])
    expect(ben.page.get_by_role("heading", name="This conversation is encrypted")).to_be_visible()
    expect(ben.page.locator("#unlock-text")).to_contain_text("has lost its key")
    field = ben.page.get_by_label("The whole link")
    field.fill("#k=nonsense")
    ben.page.get_by_role("button", name="Open").click()
    expect(ben.page.locator("#unlock-problem")).to_contain_text("isn't the whole link")
    field.fill(f"#{LinkKey.generate().fragment()}")
    ben.page.get_by_role("button", name="Open").click()
    expect(ben.page.locator("#unlock-problem")).to_contain_text("another conversation")
    field.fill(link)
    ben.page.get_by_role("button", name="Open").click()
    ben.joins()
    ben.reads("Hello")


def test_what_is_half_written_and_waits_is_sealed_on_the_device(ada: Visitor) -> None:
    starts_encrypted(ada)
    ada.says("Hello")
    ada.composer.fill("")
    ada.types("Half a canary")
    ada.page.wait_for_function(
        "() => Object.entries(localStorage).some(([name, kept]) =>"
        " name.includes('draft:') && kept.length > 50)"
    )
    stored = ada.page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "canary" not in stored
    ada.reloads()
    ada.is_connected()
    expect(ada.composer).to_have_value("Half a canary")


def test_over_plain_http_it_can_be_neither_started_nor_opened_and_the_page_says_what_to_do(
    ada: Visitor, arrive: Arrive, site: Process
) -> None:
    link = starts_encrypted(ada)
    ben = arrive("Ben", url=f"http://{chromium.PLAIN_HTTP_HOST}:{site.port}")
    ben.may_meet("status 403", "console: Failed to load resource")
    ben.opens("/")
    expect(ben.page.get_by_label(ENCRYPTED)).to_be_disabled()
    expect(ben.page.locator("#encrypted-choice")).to_contain_text("Only works on a page opened")
    ben.opens(urlsplit(link)._replace(scheme="", netloc="").geturl())
    expect(ben.page.locator("#unlock-text")).to_contain_text("only open over https")
    expect(ben.page.locator("#unlock")).to_be_hidden()


@pytest.mark.parametrize("is_erased", [True, False])
def test_a_log_whose_beginning_was_erased_is_no_other_log(
    ada: Visitor, ben: Visitor, data: Path, is_erased: bool
) -> None:
    ben.may_meet("status 403", "console: Failed to load resource")
    link = starts_encrypted(ada)
    for text in ("One", "Two", "Three", "Four"):
        ada.says(text)
    room_id = urlsplit(link).path.rpartition("/")[2]
    if is_erased:
        ada.decides(link.partition("#")[0], keep_days=7)
    database = sqlite3.connect(data / "parley.db", timeout=PATIENCE_S)
    with contextlib.closing(database), database:
        database.execute(
            "DELETE FROM messages WHERE seq < (SELECT max(seq) - 1 FROM messages m WHERE"
            " m.conversation_id = messages.conversation_id) AND conversation_id ="
            " (SELECT id FROM conversations WHERE room_id = ?)",
            (room_id,),
        )
    ben.opens(link)
    ben.joins()
    ben.reads("Four")
    opens_search(ben).fill("four")
    expect(ben.page.locator(".found-status")).to_have_text("1 result")
    ben.page.keyboard.press("Escape")
    warning = ben.notices.filter(has_text=re.compile("different messages|beginning"))
    if not is_erased:
        expect(warning).to_contain_text("The beginning of this conversation isn't here")
    ada.says("Five")
    ben.reads("Five")
    expect(warning).to_have_count(0 if is_erased else 1)


def test_a_wrong_passphrase_can_be_given_again(ben: Visitor, site: Process) -> None:
    ben.may_meet("status 403", "console: Failed to load resource")
    key = LinkKey.generate(with_passphrase=True)
    epoch = Epoch.derive(key.key, stretched=key.stretched("four random words here"))
    made = requests.post(
        f"{site.url}/api/conversations/create",
        json={"encrypted": True, "read_proof_hash": to_base64url(epoch.proof_hash)},
        timeout=PATIENCE_S,
    ).json()
    ben.opens(f"/conversation/{made['room_id']}#{key.fragment()}")
    field = ben.page.get_by_label("Passphrase")
    field.fill("wrong")
    ben.page.get_by_role("button", name="Open").click()
    expect(ben.page.locator("#unlock-problem")).to_contain_text("not the passphrase")
    field.fill("four random words here")
    ben.page.get_by_role("button", name="Open").click()
    ben.joins()
    ben.says("In")
