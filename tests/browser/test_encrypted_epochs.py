"""The key of an encrypted conversation is changed: who stays reads on, who was removed can't."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from parley.client.encryption import Epoch, LinkKey, Person, begin
from parley.client.encryption.octets import to_base64url
from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.test_encrypted_page import COPIES, Stranger, copied_link, starts_encrypted
from tests.browser.visitor import Visitor
from tests.servers import process

pytestmark = pytest.mark.browser

CHANGED = "The key was changed. Only people who were here, or have the new link"
AT_THE_DOOR = (r"status (of )?40[39]", "console: Failed to load resource")


def comes(who: Visitor, link: str) -> None:
    who.may_meet(*AT_THE_DOOR)
    who.opens(link)
    who.joins()
    is_introduced(who)


def of_kept(database: str, store: str, said: str) -> str:
    """A script that says something of all that a browser keeps there, as `kept`."""
    return f"""async () => {{
      const asked = indexedDB.open("{database}");
      const opened = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
      const all = opened.transaction("{store}").objectStore("{store}").getAll();
      const kept = await new Promise((done) => (all.onsuccess = () => done(all.result)));
      opened.close();
      return {said};
    }}"""


def is_introduced(who: Visitor) -> None:
    """The others know by then where to hand them a key."""
    is_so = "kept.length > 0 && kept.every(({ introduced }) => introduced)"
    who.page.wait_for_function(of_kept("parley-keys", "rooms", is_so))


def epoch_of(who: Visitor) -> int:
    """The number of the newest key that their browser keeps."""
    newest = "Math.max(0, ...kept.map(({ epoch = 0 }) => epoch))"
    number: int = who.measures(of_kept("parley-keys", "rooms", newest))
    return number


def removes(ada: Visitor, name: str) -> None:
    """On the page where owners manage it, in the browser that it was started in."""
    ada.page.locator("#manage-link").click()
    expect(ada.page.locator("#change-key")).to_be_visible()
    row = ada.page.locator("#people-title ~ .rows li", has_text=name)
    row.get_by_role("button", name="Remove").click()
    dialog = ada.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text(f"Remove {name}?")
    expect(dialog.get_by_role("status")).to_contain_text("The old link stops working.")
    dialog.get_by_role("button", name="Remove").click()
    expect(ada.page.get_by_text(f"{name} was removed. The key was changed.")).to_be_visible()


def goes_back(ada: Visitor) -> None:
    ada.page.get_by_role("link", name="Back to the conversation").click()
    ada.is_connected()


def comes_back(*people: Visitor) -> None:
    for who in people:
        who.is_connected()


def changes_the_key(ada: Visitor, passphrase: str = "") -> None:
    button = ada.page.locator("#key").get_by_role("button", name="Change the key")
    button.click()
    dialog = ada.page.get_by_role("dialog")
    if passphrase:
        dialog.get_by_label("New passphrase").fill(passphrase)
    expect(dialog.get_by_role("status")).to_contain_text("The old link stops working.")
    dialog.get_by_role("button", name="Change the key").click()
    expect(dialog).to_have_count(0)


def test_whoever_is_removed_reads_nothing_of_what_follows(
    ada: Visitor, ben: Visitor, cleo: Visitor
) -> None:
    link = starts_encrypted(ada)
    is_introduced(ada)
    for who in (ben, cleo):
        comes(who, link)
    program = Stranger(link, "Eve")
    program.says("Heard", "e-1")
    ada.says("Before")
    for who in (ben, cleo):
        who.reads("Before")
    removes(ada, "Cleo")
    goes_back(ada)
    expect(ben.page.get_by_text(CHANGED)).to_be_visible()
    ada.says("After")
    ben.reads("After")
    ben.says("Heard that")
    ada.reads("Heard that")
    expect(cleo.page.locator("#gone-text")).to_be_visible()
    # What the server has is given to her all the same.
    envelopes = program.call("messages?limit=100")["messages"]
    opened = [body.get("text") for body in program.opened(envelopes)]
    assert "Before" in opened
    assert "After" not in opened
    for who in (ada, ben):
        who.reloads()
        who.is_connected()
        who.reads_once("Before")
        who.reads_once("After")
        expect(who.page.get_by_text(CHANGED)).to_be_visible()


def test_whoever_was_away_comes_back_to_the_new_key_and_what_they_wrote_goes_out_once(
    ada: Visitor, ben: Visitor
) -> None:
    link = starts_encrypted(ada)
    is_introduced(ada)
    comes(ben, link)
    ada.says("Before")
    ben.reads("Before")
    ben.may_meet("ERR_INTERNET_DISCONNECTED")
    ben.context.set_offline(True)
    ben.has_badge("Offline")
    ben.sends("Written without a network")
    for turn in ("Once", "Twice"):
        changes_the_key(ada)
        ada.says(turn)
    ben.context.set_offline(False)
    ben.is_connected()
    for text in ("Once", "Twice"):
        ben.reads(text)
    ada.reads("Written without a network")
    ben.says("And on")
    ada.reads("And on")
    for who in (ada, ben):
        who.reads_once("Written without a network")
    assert epoch_of(ada) == epoch_of(ben) == 2
    # With no page open meanwhile.
    ben.opens("/")
    changes_the_key(ada)
    ada.says("Thrice")
    ben.opens(link.partition("#")[0])
    ben.reads("Thrice")
    ben.reads("Before")


def test_what_waits_on_the_device_goes_out_under_the_key_there_is_then(
    ada: Visitor, ben: Visitor
) -> None:
    link = starts_encrypted(ada)
    is_introduced(ada)
    comes(ben, link)
    ben.may_meet("ERR_INTERNET_DISCONNECTED")
    ben.context.set_offline(True)
    ben.has_badge("Offline")
    ben.sends("Kept on the device")
    is_so = 'kept.length === 1 && kept[0].type === "encrypted"'
    ben.page.wait_for_function(of_kept("parley", "outbox", is_so))
    changes_the_key(ada)
    ben.page.close()
    ben.context.set_offline(False)
    ben.page = ben.context.new_page()
    ben.opens(link.partition("#")[0])
    ada.reads("Kept on the device")
    ben.reads_once("Kept on the device")
    ada.reads_once("Kept on the device")


def test_the_new_link_brings_newcomers_to_all_of_it_and_the_old_one_says_what_it_is(
    ada: Visitor, ben: Visitor, cleo: Visitor
) -> None:
    old = starts_encrypted(ada, "Tea plans")
    is_introduced(ada)
    ada.says("Under the first key")
    changes_the_key(ada)
    ada.says("Under the second key")
    changes_the_key(ada)
    new = copied_link(ada)
    assert new.partition("#")[0] == old.partition("#")[0]
    assert new != old
    ben.may_meet(*AT_THE_DOOR)
    ben.opens(old)
    expect(ben.page.locator("#unlock-problem")).to_have_text(
        "This link's key was changed. Ask whoever sent it for the new one."
    )
    field = ben.page.get_by_label("The whole link")
    field.fill(new)
    ben.page.get_by_role("button", name="Open").click()
    ben.joins()
    for text in ("Under the first key", "Under the second key"):
        ben.reads(text)
    expect(ben.page.locator(".bar-title")).to_have_text("Tea plans")
    # Whoever came by the new link gives it on, and is handed the next key.
    is_introduced(ben)
    assert copied_link_of(ben) == new
    changes_the_key(ada)
    ada.says("Under the fourth key")
    ben.reads("Under the fourth key")
    comes(cleo, copied_link_of(ben))
    cleo.reads("Under the first key")
    cleo.says("All of it")
    for who in (ada, ben):
        who.reads("All of it")


def copied_link_of(who: Visitor) -> str:
    """Of somebody whose page may not look at what it copied."""
    who.page.evaluate(COPIES)
    return copied_link(who)


def test_a_removal_elsewhere_takes_the_key_away_once_the_founder_is_there(
    ada: Visitor, ben: Visitor, cleo: Visitor
) -> None:
    link = starts_encrypted(ada)
    is_introduced(ada)
    for who in (ben, cleo):
        comes(who, link)
    cleo.says("I am Cleo")
    ada.reads("I am Cleo")
    ada.opens_another_tab()  # of two, one does it
    room = link.partition("#")[0].rpartition("/")[2]
    people = ada._calls(f"{room}/participants", method="GET")["participants"]
    cleo_id = next(each["user_id"] for each in people if each["username"] == "Cleo")
    ada._calls(f"{room}/remove", user_id=cleo_id)
    expect(ada.page.get_by_text(CHANGED)).to_be_visible()
    expect(ben.page.get_by_text(CHANGED)).to_be_visible()
    ada.says("Without Cleo")
    ben.reads("Without Cleo")
    assert (epoch_of(ada), epoch_of(ben), epoch_of(cleo)) == (1, 1, 0)
    # Once is enough, also where the page is opened again.
    for _ in range(2):
        ada.reloads()
        ada.is_connected()
        ada.says("Nothing more to do")
    assert epoch_of(ada) == 1


def test_with_the_link_its_key_is_replaced(
    ada: Visitor, ben: Visitor, cleo: Visitor, arrive: Arrive
) -> None:
    link = starts_encrypted(ada)
    is_introduced(ada)
    comes(ben, link)
    ada.says("Before")
    ben.reads("Before")
    ada.page.locator("#manage-link").click()
    ada.page.get_by_role("link", name="Replace link").click()
    expect(ada.page.get_by_text("Ben gets the new key automatically.")).to_be_visible()
    ada.page.get_by_role("button", name="Replace").click()
    expect(ada.page.get_by_text("The link was replaced. New people need this one.")).to_be_visible()
    ben.page.wait_for_url(lambda url: url != link.partition("#")[0])
    goes_back(ada)
    for who in (ada, ben):
        who.is_connected()
        who.reads_once("Before")
    ada.says("After")
    ben.reads("After")
    assert epoch_of(ada) == epoch_of(ben) == 1
    new = copied_link(ada)
    assert new.partition("#")[0] != link.partition("#")[0]
    assert new.partition("#")[2] != link.partition("#")[2]
    comes(cleo, new)
    cleo.reads("Before")
    dan = arrive("Dan")
    dan.may_meet(r"status (of )?41\d")
    dan.opens(link)
    expect(dan.page.get_by_role("heading", name="This link was replaced")).to_be_visible()


def test_a_passphrase_is_asked_for_whenever_the_key_is_changed(
    ada: Visitor, ben: Visitor, cleo: Visitor
) -> None:
    link = starts_encrypted(ada)
    is_introduced(ada)
    comes(ben, link)
    changes_the_key(ada, passphrase=" four random  words here")
    ada.says("With a passphrase")
    ben.reads("With a passphrase")
    locked = copied_link(ada)
    assert LinkKey.parse(locked.partition("#")[2]).iterations == 600_000
    assert copied_link_of(ben) == locked  # whoever stays was not asked, and gives on the same
    cleo.may_meet(*AT_THE_DOOR)
    cleo.opens(locked)
    field = cleo.page.get_by_label("Passphrase")
    field.fill("wrong")
    cleo.page.get_by_role("button", name="Open").click()
    expect(cleo.page.locator("#unlock-problem")).to_contain_text("not the passphrase")
    field.fill("four random words here")
    cleo.page.get_by_role("button", name="Open").click()
    cleo.joins()
    cleo.reads("With a passphrase")
    is_introduced(cleo)
    ada.page.locator("#manage-link").click()
    ada.page.locator("#people-title ~ .rows li", has_text="Cleo").get_by_role(
        "button", name="Remove"
    ).click()
    dialog = ada.page.get_by_role("dialog")
    expect(dialog.get_by_label("New passphrase")).to_be_visible()
    expect(dialog.get_by_role("status")).to_contain_text("The old link stops working.")
    assert grave_faults(ada.page) == []
    dialog.get_by_role("button", name="Remove").click()
    expect(ada.page.get_by_text("Cleo was removed. The key was changed.")).to_be_visible()
    goes_back(ada)
    ada.says("Without one")
    ben.reads("Without one")
    assert LinkKey.parse(copied_link(ada).partition("#")[2]).iterations == 0


def test_whoever_was_not_handed_the_key_needs_the_new_link_and_is_still_themselves(
    ada: Visitor, ben: Visitor
) -> None:
    link = starts_encrypted(ada)
    is_introduced(ada)
    comes(ben, link)
    ben.says("With my first keys")
    ada.reads("With my first keys")
    # In a browser that lost them he is another, for all that anybody else can tell.
    ben.page.locator("#forget summary").click()
    ben.page.get_by_role("button", name="Forget the key here").click()
    ben.page.wait_for_url(re.compile(r"/$"))
    ben.opens(link)
    is_introduced(ben)
    ben.says("With others")
    ada.reads("With others")
    ada.page.locator("#key").get_by_role("button", name="Change the key").click()
    dialog = ada.page.get_by_role("dialog")
    expect(dialog.get_by_role("status")).to_contain_text("new key")
    dialog.get_by_role("button", name="Change the key").click()
    expect(ben.page.locator("#unlock-text")).to_have_text(
        "The key was changed. Ask for the new link."
    )
    ben.reloads()
    expect(ben.page.locator("#unlock-text")).to_have_text(
        "The key was changed. Ask for the new link."
    )
    ada.says("Where is Ben?")
    ben.page.get_by_label("The whole link").fill(copied_link(ada))
    ben.page.get_by_role("button", name="Open").click()
    ben.is_connected()
    ben.reads("Where is Ben?")
    ben.says("Here")
    ada.reads("Here")


def test_a_key_that_the_founder_did_not_make_is_not_used(ada: Visitor, ben: Visitor) -> None:
    link = starts_encrypted(ada)
    is_introduced(ada)
    comes(ben, link)
    ada.says("Before")
    ben.reads("Before")
    first = Epoch.derive(LinkKey.parse(link.partition("#")[2]).key)
    _, record = begin(Person.generate(), first, first.room, [])
    told = {"success": True, "epoch": 1, "epochs": [{"number": 1, "record": to_base64url(record)}]}
    ben.page.route("**/epochs?*", lambda route: route.fulfill(json={**told, "has_more": False}))
    changes_the_key(ada)
    expect(ben.page.get_by_text("The server offers a new key, but not one from")).to_be_visible()
    ben.sends("Not under that one")
    ada.says("Under Ada's")
    expect(ben.messages.filter(has_text="written with another key")).to_have_count(1)
    expect(ada.message("Not under that one")).to_have_count(0)
    assert epoch_of(ben) == 0
    ben.page.unroute("**/epochs?*")
    ben.reloads()
    ben.is_connected()
    ben.reads("Under Ada's")
    ada.reads("Not under that one")
    ada.reads_once("Not under that one")


def test_only_with_the_keys_it_was_started_with_can_its_key_be_changed(
    ada: Visitor, ben: Visitor
) -> None:
    link = starts_encrypted(ada)
    comes(ben, link)
    ada.says("Hello")
    ada.page.locator("#forget summary").click()
    ada.page.get_by_role("button", name="Forget the key here").click()
    ada.page.wait_for_url(re.compile(r"/$"))
    ada.may_meet(*AT_THE_DOOR)
    ada.opens(link)
    ada.is_connected()
    expect(ada.page.locator("#change-key")).to_be_hidden()
    ada.page.locator("#manage-link").click()
    expect(ada.page.locator("#key-link")).to_be_visible()  # the script has done its work
    expect(ada.page.locator("#key-help")).to_contain_text("Only the person who started")
    expect(ada.page.locator("#change-key")).to_be_hidden()
    # The link can be replaced all the same, and the key stays.
    ada.page.get_by_role("link", name="Replace link").click()
    ada.page.get_by_role("button", name="Replace").click()
    goes_back(ada)
    ben.is_connected()
    ada.says("The same key")
    ben.reads("The same key")
    now = copied_link(ada)
    assert now.partition("#")[0] != link.partition("#")[0]
    assert now.partition("#")[2] == link.partition("#")[2]


def test_whoever_only_reads_along_is_asked_for_the_new_link(ada: Visitor, ben: Visitor) -> None:
    link = starts_encrypted(ada)
    is_introduced(ada)
    ada.says("Before")
    ben.may_meet(*AT_THE_DOOR)
    ben.opens(link)
    ben.reads("Before")
    changes_the_key(ada)
    expect(ben.page.locator("#unlock-text")).to_have_text(
        "The key was changed. Ask for the new link."
    )
    ada.says("After")
    ben.page.get_by_label("The whole link").fill(copied_link(ada))
    ben.page.get_by_role("button", name="Open").click()
    ben.reads("After")
    ben.reads("Before")


def test_whoever_may_only_read_is_handed_new_keys_as_well(ada: Visitor, ben: Visitor) -> None:
    link = starts_encrypted(ada)
    is_introduced(ada)
    ada.decides(link.partition("#")[0], read_only=True)
    ben.may_meet(*AT_THE_DOOR)
    ben.opens(link)
    ben.page.get_by_placeholder("Your name").fill("Ben")
    ben.page.keyboard.press("Enter")
    is_introduced(ben)
    expect(ben.page.locator("#read-only")).to_be_visible()
    expect(ada.people).to_have_count(2)  # what stands below them moves no more
    changes_the_key(ada)
    ada.says("For all who read")
    ben.reads("For all who read")
    assert epoch_of(ben) == 1


def test_someone_can_be_removed_although_the_key_cannot_be_changed(
    ada: Visitor, ben: Visitor
) -> None:
    link = starts_encrypted(ada)
    is_introduced(ada)
    comes(ben, link)
    ada.may_meet(*AT_THE_DOOR, r"status (of )?503")
    ada.page.locator("#manage-link").click()
    expect(ada.page.locator("#change-key")).to_be_visible()
    refusal = {"success": False, "code": "unavailable", "error": "The server is busy."}
    ada.page.route("**/epochs", lambda route: route.fulfill(status=503, json=refusal))
    ada.page.locator("#people-title ~ .rows li", has_text="Ben").get_by_role(
        "button", name="Remove"
    ).click()
    dialog = ada.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Remove").click()
    expect(dialog.get_by_role("alert")).to_have_text("The server is busy.")
    dialog.get_by_role("button", name="Only remove").click()
    expect(ada.page.get_by_text("Ben was removed.")).to_be_visible()
    expect(ben.page.locator("#gone-text")).to_be_visible()
    ada.page.unroute("**/epochs")
    goes_back(ada)
    expect(ada.page.get_by_text(CHANGED)).to_be_visible()
    assert epoch_of(ada) == 1


def test_a_server_that_was_restored_gets_the_lost_key_back(arrive: Arrive, tmp_path: Path) -> None:
    data, saved = tmp_path / "data", tmp_path / "saved"
    with process(data, "--port", "0") as site:
        port = str(site.port)
        ada, ben = arrive("Ada", url=site.url), arrive("Ben", url=site.url)
        for who in (ada, ben):
            who.may_meet(*AT_THE_DOOR, "ERR_CONNECTION", "WebSocket connection", "ERR_EMPTY")
        link = starts_encrypted(ada)
        is_introduced(ada)
        comes(ben, link)
        ada.says("Before")
        ben.reads("Before")
    shutil.copytree(data, saved, ignore=shutil.ignore_patterns("*.control"))
    with process(data, "--port", port):
        comes_back(ada, ben)
        changes_the_key(ada)
        ada.says("Lost with the server")
        ben.reads("Lost with the server")
    shutil.rmtree(data)
    shutil.copytree(saved, data)
    with process(data, "--port", port):
        comes_back(ada, ben)
        ben.sends("And on")
        ada.reads("And on")
        ada.reloads()
        comes_back(ada)
        ada.says("Under the same key")
        ben.reads("Under the same key")
        assert epoch_of(ada) == epoch_of(ben) == 1
        ada.goes_home()
        ben.goes_home()
