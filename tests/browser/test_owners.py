"""What an owner decides in the browser, and how it looks from the other side of the door."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.seeding import Seeding
from tests.browser.visitor import PHONE, SLOW_MS, Visitor

NO_SCRIPTS = {"java_script_enabled": False}
PASSPHRASE = "open sesame"
ACCESS_IS_AT = """top => {
  const section = document.getElementById("access").closest("section");
  return Math.abs(section.getBoundingClientRect().top - top) < 2;
}"""


def manages(ada: Visitor, link: str) -> None:
    ada.opens(f"{link.split('#')[0]}/manage")
    expect(ada.page.get_by_role("heading", name="Access and posting")).to_be_visible()


def saves_the_door(ada: Visitor, **ticked: bool) -> None:
    for label, is_ticked in ticked.items():
        ada.page.get_by_label(label.replace("_", " ")).set_checked(is_ticked)
    saves(ada, "Access and posting")


def saves(ada: Visitor, section: str) -> None:
    """Press the button of a section, and be told there."""
    here = ada.page.get_by_role("region", name=section)
    here.get_by_role("button", name="Save").click()
    expect(here.get_by_role("status")).to_have_text("Saved.")


def opens_the_form_of_links(ada: Visitor) -> None:
    ada.page.get_by_text("Create a link for someone").click()


def revokes(ada: Visitor, name: str) -> None:
    row(ada, name, "Revoke")
    ada.page.get_by_role("button", name="Revoke the link").click()
    expect(ada.page.get_by_text("The link was revoked.")).to_be_in_viewport()


def knocks(who: Visitor, link: str) -> None:
    who.may_meet(r"status (of )?403")
    who.opens(link)
    who.page.get_by_label("Your name").fill(who.name)
    who.page.get_by_role("button", name="Knock").click()
    expect(who.page.get_by_role("heading", name="Waiting for the owner")).to_be_visible()


def row(ada: Visitor, name: str, act: str) -> None:
    """Press the button beside somebody or something."""
    ada.page.get_by_role("listitem").filter(has_text=name).get_by_role("button", name=act).click()


def describes(ada: Visitor, words: str) -> None:
    ada.page.get_by_label("Description", exact=True).fill(words)
    saves(ada, "About")
    expect(ada.page.get_by_label("Description", exact=True)).to_have_value(words)


def test_who_knocks_is_let_in_from_the_page(ada: Visitor, arrive: Arrive) -> None:
    link = ada.owns()
    manages(ada, link)
    saves_the_door(ada, Knock_first=True)
    kim = arrive("Kim", **PHONE)
    knocks(kim, link)
    expect(kim.page.get_by_text("The owner isn't here right now")).to_be_visible()
    ada.comes(link)
    expect(kim.page.get_by_text("the owner can see it now")).to_be_visible()
    expect(kim.page.get_by_text("The owner isn't here right now")).to_be_hidden()
    waiting = ada.page.get_by_role("group", name="1 person waiting")
    expect(waiting.get_by_text("Kim wants to join")).to_be_visible()
    expect(ada.page).to_have_title(re.compile(r"^\(1 waiting\)"))
    waiting.get_by_role("button", name="Let in").click()
    expect(waiting).not_to_be_visible()
    expect(kim.composer).to_be_visible()  # and no name is asked for again
    kim.is_connected()
    kim.says("Thank you")
    expect(ada.page.locator("#people .person", has_text="Kim")).to_have_count(1)
    ada.reads("Thank you")


def test_a_knock_is_heard_while_the_owner_looks_on(ada: Visitor, arrive: Arrive) -> None:
    link = ada.owns()
    ada.decides(link, knock=True)
    ada.comes(link)
    kim = arrive("Kim", **NO_SCRIPTS)
    knocks(kim, link)
    line = ada.page.locator(".knock", has_text="Kim wants to join")
    line.get_by_role("button", name="Decline").click()
    expect(line).not_to_be_visible()
    kim.reloads()
    expect(kim.page.get_by_role("heading", name="Request declined")).to_be_visible()
    expect(kim.page.get_by_label("Your name")).to_have_value("Kim")


def test_a_knock_is_not_lost_while_the_page_asks_who_waits(ada: Visitor, seeding: Seeding) -> None:
    seeded = seeding.conversation(owner="Ada")
    seeding.decide(seeded, {"knock": True})
    ada.has_session(seeded.tokens["Ada"])
    held: list[Route] = []
    passes = False

    def hold_or_pass(route: Route) -> None:
        if passes:
            route.continue_()
        else:
            held.append(route)

    ada.page.route("**/manage", hold_or_pass)
    with ada.page.expect_request("**/manage"):
        ada.opens(seeded.link)
    ada.is_connected()
    # More than one where the page had to connect again.
    nobody_waits = [(route, route.fetch()) for route in held]
    seeding.knock(seeded, "Kay")
    lets_in = ada.page.get_by_role("button", name="Let in")
    expect(lets_in).to_have_count(1)
    asked_before = [route.request for route, _ in nobody_waits]
    with ada.page.expect_response(
        lambda reply: reply.url.endswith("/manage") and reply.request not in asked_before
    ) as once_more:
        passes = True
        for route, answer in nobody_waits:
            route.fulfill(response=answer)
        for route in held[len(nobody_waits) :]:
            route.continue_()
    once_more.value.finished()
    expect(lets_in).to_have_count(1)


def test_however_many_knock_one_can_still_read_and_write(ada: Visitor, seeding: Seeding) -> None:
    seeded = seeding.conversation(owner="Ada")
    seeding.decide(seeded, {"knock": True})
    for number in range(23):
        seeding.knock(seeded, f"Guest {number} with a name of some length")
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    door = ada.page.get_by_role("group", name="23 people waiting")
    expect(door.get_by_text("and 3 more")).to_be_visible()
    expect(ada.page).to_have_title(re.compile(r"^\(23 waiting\)"))
    for width, height in ((1280, 800), (320, 640)):
        ada.page.set_viewport_size({"width": width, "height": height})
        for at_least, what in ((0.3 * height, ada.scroller), (40, ada.composer)):
            shown = what.bounding_box()
            assert shown is not None
            assert shown["height"] >= at_least
            assert shown["y"] + shown["height"] <= height
    door.get_by_role("button", name="Let in").last.scroll_into_view_if_needed()
    door.get_by_role("button", name="Decline all").click()
    expect(ada.page.locator("#knocks")).to_be_hidden()


def test_who_knocked_comes_in_when_the_door_is_opened_to_all(ada: Visitor, arrive: Arrive) -> None:
    link = ada.starts()
    seen_by_ada = ada.page.locator(".knock")
    ada.decides(link, knock=True)
    kim = arrive("Kim")
    knocks(kim, link)
    expect(seen_by_ada).to_have_count(1)
    ada.decides(link, knock=False)
    expect(seen_by_ada).to_have_count(0)
    expect(kim.composer).to_be_visible()


def test_who_is_at_the_door_is_told_when_it_is_locked_and_unlocked(
    ada: Visitor, arrive: Arrive
) -> None:
    link = ada.owns()
    ada.decides(link, knock=True)
    kim, ben = arrive("Kim"), arrive("Ben")
    knocks(kim, link)
    ada.decides(link, locked=True)
    locked = [
        each.page.get_by_role("heading", name="This conversation is locked") for each in (kim, ben)
    ]
    expect(locked[0]).to_be_visible(timeout=SLOW_MS)
    expect(kim.page.get_by_text("the owner can still let you in")).to_be_visible()
    ben.may_meet(r"status (of )?403")
    ben.opens(link)  # who never knocked
    expect(locked[1]).to_be_visible()
    ada.decides(link, locked=False)
    waits = kim.page.get_by_role("heading", name="Waiting for the owner")
    expect(waits).to_be_visible(timeout=SLOW_MS)
    knock = ben.page.get_by_role("heading", name="Knock to join")
    expect(knock).to_be_visible(timeout=SLOW_MS)


def test_who_waits_comes_in_while_the_door_is_locked_if_the_owner_lets_them(
    ada: Visitor, arrive: Arrive
) -> None:
    link = ada.starts()
    knocking = ada.page.locator(".knock")
    ada.decides(link, knock=True)
    kim = arrive("Kim")
    knocks(kim, link)
    expect(knocking).to_have_count(1)
    ada.decides(link, locked=True)
    locked = kim.page.get_by_role("heading", name="This conversation is locked")
    expect(locked).to_be_visible(timeout=SLOW_MS)
    knocking.get_by_role("button", name="Let in").click()
    expect(kim.composer).to_be_visible()


def test_who_is_removed_is_told_and_cannot_come_back(ada: Visitor, arrive: Arrive) -> None:
    link = ada.owns()
    ben = arrive("Ben")
    ben.comes(link)
    ben.says("Hello")
    manages(ada, link)
    row(ada, "Ben", "Remove")
    expect(ben.page.get_by_role("alert").filter(has_text="removed you")).to_be_visible()
    ben.has_badge("Disconnected")
    expect(ben.composer).not_to_be_visible()
    ben.may_meet(r"status (of )?404")
    ben.reloads()
    expect(ben.page.get_by_role("heading", name="No conversation here")).to_be_visible()
    row(ada, "Ben", "Allow back")
    ben.opens(link)
    expect(ben.composer).to_be_visible()


@pytest.mark.parametrize("options", [{}, NO_SCRIPTS], ids=["with scripts", "without"])
def test_the_passphrase_opens_the_door(
    ada: Visitor, arrive: Arrive, options: dict[str, bool]
) -> None:
    link = ada.owns("Secrets")
    manages(ada, link)
    ada.page.get_by_label("Passphrase").fill(PASSPHRASE)
    saves_the_door(ada)
    expect(ada.page.get_by_text("Leave empty to keep the current one")).to_be_visible()
    ben = arrive("Ben", **options)
    ben.may_meet(r"status (of )?403")
    ben.opens(link)
    for passphrase in ("open barley", PASSPHRASE):
        ben.page.get_by_label("Passphrase").fill(passphrase)
        ben.page.get_by_role("button", name="Continue").click()
        if passphrase != PASSPHRASE:
            expect(ben.page.get_by_role("alert")).to_have_text("That passphrase is wrong.")
    expect(ben.page.get_by_role("heading", name="Secrets")).to_be_visible()


def test_owner_rights_go_to_another_device(ada: Visitor, arrive: Arrive) -> None:
    link = ada.owns()
    manages(ada, link)
    ada.page.get_by_role("button", name="Add a device").click()
    expect(ada.page.locator(".qr-code svg")).to_be_visible()
    carried = ada.page.get_by_label("New link", exact=True).input_value()
    phone = arrive("Ada", **PHONE)
    phone.opens(carried)
    phone.page.get_by_role("button", name="Open conversation").click()
    phone.joins()
    phone.opens(f"{link}/manage")
    expect(phone.page.get_by_role("heading", name="Links")).to_be_visible()
    mallory = arrive("Mallory")
    mallory.may_meet(r"status (of )?404")
    mallory.opens(carried)
    expect(mallory.page.get_by_text("It may have been used, revoked or expired.")).to_be_visible()


def test_the_owner_has_a_badge_that_no_name_can_fake(ada: Visitor, arrive: Arrive) -> None:
    link = ada.starts()
    ada.says("I am Ada")
    mallory = arrive("Mallory")
    mallory.opens(link)
    mallory.joins("ADA owner")
    mallory.says("I am the owner")
    other = arrive("Other")
    other.opens(link)
    other.joins("\u0410da")
    other.says("So am I")
    ada.reads("So am I")
    cleo = arrive("Cleo")
    cleo.opens(link)
    marks = {text: cleo.message(text).locator(".mark") for text in ("I am Ada", "So am I")}
    expect(marks["I am Ada"]).to_have_text("owner")
    expect(marks["So am I"]).to_have_text("same name as someone else")
    expect(cleo.message("I am the owner").locator(".mark")).to_be_hidden()
    expect(ada.message("So am I").locator(".mark")).to_have_text("same name as someone else")
    manages(ada, link)
    facts = ada.page.get_by_role("listitem").filter(has_text="\u0410da").locator(".row-facts")
    expect(facts).to_have_text("same name as someone else")


def test_read_only_takes_the_composer_away_live(ada: Visitor, arrive: Arrive) -> None:
    link = ada.starts()
    ben = arrive("Ben")
    ben.comes(link)
    ada.decides(link, read_only=True)
    expect(ben.composer).not_to_be_visible()
    expect(ben.page.get_by_text("Only the owner can post right now.")).to_be_visible()
    ada.decides(link, read_only=False)
    expect(ben.composer).to_be_visible()


def test_members_are_told_live_what_the_owner_decides(ada: Visitor, arrive: Arrive) -> None:
    link = ada.owns()
    ben = arrive("Ben", **PHONE)
    ben.comes(link)
    manages(ada, link)
    saves_the_door(ada, **{"Locked": True, "Read-only": True})
    keeps_messages(ada, "7 days")

    told = ben.page.locator(".notice").last
    expect(told).to_contain_text("Locked: no one new can join · Only the owner can post now")
    expect(told).to_contain_text("Messages are now deleted after 7 days")
    expect(ben.page.locator("#announcer")).to_contain_text("Messages are now deleted after 7 days.")
    for again in (False, True):
        if again:
            ben.reloads()
            ben.is_connected()
        expect(ben.page.locator("#opening-keep")).to_have_text("Messages are deleted after 7 days.")
        ben.page.get_by_role("button", name="People and link").click()
        sheet = ben.page.get_by_role("dialog")
        for words in (
            "Locked: no one new can join.",
            "Messages are deleted after 7 days.",
            "Only the owner can post.",
        ):
            expect(sheet.get_by_text(words, exact=True)).to_be_visible()
        sheet.get_by_role("button", name="Close").click()

    saves_the_door(ada, **{"Locked": False, "Read-only": False})
    expect(ben.composer).to_be_visible()
    expect(told).to_have_text("Anyone with the link can join again · Everyone can post again")
    expect(ben.page.locator("#door-note")).to_have_text("")
    expect(ben.page.locator("#posting-note")).to_have_text("")


def test_a_replaced_link_takes_those_inside_along(ada: Visitor, arrive: Arrive) -> None:
    link = ada.owns()
    ben = arrive("Ben")
    ben.comes(link)
    manages(ada, link)
    for again in (False, True):
        ada.page.get_by_role("link", name="Replace").click()
        expect(ada.page.get_by_role("heading", name="Replace the link?")).to_be_visible()
        if not again:
            ada.page.get_by_role("link", name="Cancel").click()
    ada.may_use_the_clipboard()
    ada.page.get_by_role("button", name="Replace the link").click()
    expect(ada.page.get_by_text("The link was replaced.")).to_be_in_viewport()
    ada.page.get_by_role("button", name="Copy link").click()
    expect(ada.page.get_by_role("button", name="Copied")).to_be_visible()
    new = ada.page.get_by_label("Main link").input_value()
    assert new != link.split("#")[0]
    field = ada.page.get_by_label("Title", exact=True)
    field.fill("")
    field.press("Control+v")
    expect(field).to_have_value(new)
    ben.page.wait_for_url(lambda url: url.split("#")[0] != link)
    ben.is_connected()
    ben.says("Still here")
    cleo = arrive("Cleo")
    cleo.may_meet(r"status (of )?410")
    cleo.opens(link)
    expect(cleo.page.get_by_role("heading", name="This link was replaced")).to_be_visible()


def test_a_deleted_conversation_is_gone_from_every_screen(ada: Visitor, arrive: Arrive) -> None:
    link = ada.starts()
    ben = arrive("Ben")
    ben.comes(link)
    ben.says("Remember me")
    manages(ada, link)
    ada.page.get_by_role("link", name="Delete for good").click()
    ada.page.get_by_role("button", name="Delete for good").click()
    expect(ada.page.get_by_text("Deleted: 1 message, 2 participants")).to_be_visible()
    expect(ben.page.get_by_role("alert").filter(has_text="deleted this")).to_be_visible()
    ben.does_not_see("Remember me")


def keeps_messages(ada: Visitor, time: str, *, asked: bool = True) -> None:
    danger = ada.page.get_by_role("region", name="Danger zone")
    danger.get_by_label("Keep messages").select_option(time)
    danger.get_by_role("button", name="Change").click()
    if asked:
        ada.page.get_by_role("button", name="Delete older messages").click()
    expect(danger.get_by_role("status")).to_have_text("Saved.")


def test_everything_is_managed_without_scripts(arrive: Arrive) -> None:
    ada = arrive("Ada", **NO_SCRIPTS)
    link = ada.owns("Plain")
    manages(ada, link)
    ada.page.get_by_label("Title", exact=True).fill("Plainer")
    saves(ada, "About")
    expect(ada.page.locator(".manage-title")).to_have_text("Plainer")
    keeps_messages(ada, "7 days")
    expect(ada.page.get_by_label("Keep messages")).to_have_value("7")
    expect(ada.page.get_by_text("changed how long messages are kept 7 days")).to_be_visible()


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desk", "phone"])
def test_the_owners_pages_are_for_everyone(arrive: Arrive, options: dict[str, object]) -> None:
    ada = arrive("Ada", **options)
    ada.page.emulate_media(color_scheme="light" if options else "dark")
    link = ada.owns()
    for address in (f"{link}/manage", f"{link}/delete", f"{link}/replace-link"):
        ada.opens(address)
        assert grave_faults(ada.page) == []
        # On a phone innerWidth grows with what does not fit; the screen does not.
        wide = ada.measures("document.documentElement.scrollWidth - screen.width")
        assert wide <= 0


def test_a_description_comes_and_goes_live(ada: Visitor, ben: Visitor) -> None:
    link = ada.owns()
    ben.opens(link)
    ben.is_connected()
    described = ben.page.locator(".opening-description")
    expect(described).to_be_hidden()
    manages(ada, link)
    describes(ada, "Bring a lamp: https://lamp.example/")
    expect(described.get_by_role("link")).to_have_attribute("href", "https://lamp.example/")
    told_live = described.inner_html()
    ben.reloads()
    ben.is_connected()
    assert described.inner_html() == told_live
    describes(ada, "")
    expect(described).to_be_hidden()
    # Without a title it is not called by the id that leads to it.
    ada.page.get_by_label("Title", exact=True).fill("")
    describes(ada, "Come in")
    untitled = ben.page.get_by_role("heading", name="Untitled conversation", exact=True)
    expect(untitled).to_have_attribute("title", "Untitled conversation")
    expect(ben.page).to_have_title("Untitled conversation · parley")
    expect(ben.page.locator(".opening-title")).to_have_text("Untitled conversation")
    ben.reloads()
    ben.is_connected()
    expect(untitled).to_be_visible()
    expect(ben.page).to_have_title("Untitled conversation · parley")


def test_who_was_away_finds_the_new_words(ada: Visitor, ben: Visitor) -> None:
    link = ada.owns("Old")
    ben.may_meet("ERR_INTERNET_DISCONNECTED", "WebSocket connection")
    ben.comes(link)
    ben.context.set_offline(True)
    ben.has_badge("Offline")
    manages(ada, link)
    ada.page.get_by_label("Title", exact=True).fill("New")
    describes(ada, "Described")
    ben.context.set_offline(False)
    ben.is_connected()
    expect(ben.page.get_by_role("heading", name="New", exact=True)).to_be_visible()
    expect(ben.page.locator(".opening-description")).to_have_text("Described")
    expect(ben.page).to_have_title(re.compile("^New"))


def test_a_new_link_is_shown_whole(ada: Visitor) -> None:
    manages(ada, ada.owns())
    opens_the_form_of_links(ada)
    ada.page.get_by_role("button", name="Create a link").click()
    field = ada.page.get_by_label("New link", exact=True)
    hidden_px = (
        "field => [field.scrollWidth - field.clientWidth, field.scrollHeight - field.clientHeight]"
    )
    as_wide = "field => field.offsetWidth / document.querySelector('h1').parentElement.clientWidth"
    for width in (1280, 768, 320):
        ada.page.set_viewport_size({"width": width, "height": 800})
        assert field.evaluate(hidden_px) == [0, 0]
        assert field.evaluate(as_wide) > 0.99
    field.click()
    whole = "field => field.value.slice(field.selectionStart, field.selectionEnd) === field.value"
    ada.page.wait_for_function(whole, arg=field.element_handle())


def test_a_device_that_owns_no_more_learns_so_at_once(ada: Visitor, arrive: Arrive) -> None:
    link = ada.starts()
    ada.says("Mine")
    manages(ada, link)
    ada.page.get_by_role("button", name="Add a device").click()
    phone = arrive("Phone")
    phone.opens(ada.page.get_by_label("New link", exact=True).input_value())
    phone.page.get_by_role("button", name="Open conversation").click()
    phone.joins()
    expect(phone.people.filter(has_text="Phone")).to_contain_text("you, owner")
    manages(ada, link)
    revokes(ada, "Another device used")
    for name in ("Manage", "End conversation"):
        expect(phone.page.get_by_role("link", name=name)).to_have_count(0)
    expect(phone.people.filter(has_text="Phone")).not_to_contain_text("owner")
    phone.message("Mine").hover()
    expect(phone.page.get_by_role("button", name="Delete")).to_have_count(0)


def test_a_reader_whose_link_was_revoked_is_told_so(ada: Visitor, arrive: Arrive) -> None:
    link = ada.owns()
    manages(ada, link)
    opens_the_form_of_links(ada)
    ada.page.get_by_label("People with this link can").select_option("only read")
    ada.page.get_by_role("button", name="Create a link").click()
    rea = arrive("Rea")
    rea.opens(ada.page.get_by_label("New link", exact=True).input_value())
    rea.page.get_by_role("button", name="Open conversation").click()
    rea.is_connected()
    manages(ada, link)
    revokes(ada, "Read-only used")
    told = rea.page.get_by_role("alert").filter(has_text="Ask the person who sent it for a new one")
    expect(told).to_be_visible()
    rea.has_badge("Disconnected")


def test_links_are_called_what_they_were_made_for(ada: Visitor) -> None:
    link = ada.owns()
    for role, label in (("read and post", "Family"), ("only read", "")):
        manages(ada, link)
        opens_the_form_of_links(ada)
        ada.page.get_by_label("People with this link can").select_option(role)
        ada.page.get_by_label("Who is it for?").fill(label)
        ada.page.get_by_role("button", name="Create a link").click()
        expect(ada.page.get_by_role("heading", name="New link")).to_be_visible()
    manages(ada, link)
    rows = ada.page.get_by_role("listitem")
    for words in ("Family read and post · not used yet", "Read-only not used yet"):
        expect(rows.filter(has_text=words)).to_be_visible()
    for words in ("created a link: Family (read and post)", "created a link: read-only"):
        expect(rows.filter(has_text=words)).to_be_visible()


def test_who_came_as_owner_later_is_not_offered_to_remove_who_started_it(
    ada: Visitor, arrive: Arrive
) -> None:
    link = ada.starts()
    manages(ada, link)
    ada.page.get_by_role("button", name="Add a device").click()
    ben, cleo = arrive("Ben"), arrive("Cleo")
    cleo.comes(link)
    ben.opens(ada.page.get_by_label("New link", exact=True).input_value())
    ben.page.get_by_role("button", name="Open conversation").click()
    ben.joins()
    for who, removable in ((ben, ["Cleo"]), (ada, ["Cleo", "Ben"])):
        manages(who, link)
        offered = who.page.get_by_role("listitem").filter(
            has=who.page.get_by_role("button", name="Remove")
        )
        expect(offered.locator("b")).to_have_text(removable)


def test_times_of_what_owners_decide_are_the_readers_own(seeding: Seeding, arrive: Arrive) -> None:
    seeded = seeding.conversation(owner="Ada")
    seeding.join_many(seeded, ["Ben"])
    link = seeded.link
    ada = arrive("Ada", timezone_id="Pacific/Auckland")
    ada.has_session(seeded.tokens["Ada"])
    manages(ada, link)
    row(ada, "Ben", "Remove")
    saves_the_door(ada, Knock_first=True)
    seeding.knock(seeded, "Kim")
    opens_the_form_of_links(ada)
    ada.page.get_by_label("Expires").select_option("1 day")
    ada.page.get_by_role("button", name="Create a link").click()
    manages(ada, link)
    for words in ("Kim knocked", "Ben removed", "expires", "turned knocking on"):
        line = ada.page.get_by_role("listitem").filter(has_text=words)
        moment = line.locator("time").get_attribute("datetime")
        local = ada.measures(
            "at => new Date(at).toLocaleString('en-GB', "
            "{dateStyle: 'full', timeStyle: 'short'}).replace(',', '')",
            moment,
        )
        expect(line).to_contain_text(local)
        expect(line).not_to_contain_text("UTC")


def test_what_was_done_is_said_once(ada: Visitor) -> None:
    link = ada.owns()
    manages(ada, link)
    saves_the_door(ada, Locked=True)
    ada.reloads()
    expect(ada.page.get_by_label("Locked")).to_be_checked()
    expect(ada.page.get_by_text("Saved.", exact=True)).to_have_count(0)


@pytest.mark.parametrize(
    "options", [{}, NO_SCRIPTS, PHONE], ids=["with scripts", "without", "phone"]
)
def test_whoever_saves_stays_where_they_were(arrive: Arrive, options: dict[str, Any]) -> None:
    ada = arrive("Ada", **options)
    manages(ada, ada.owns())
    here = ada.page.get_by_role("region", name="Access and posting")
    here.get_by_label("Locked").check()
    here.get_by_role("button", name="Save").scroll_into_view_if_needed()
    before = here.bounding_box()
    saves(ada, "Access and posting")
    expect(here.get_by_role("status")).to_be_in_viewport()
    if options != NO_SCRIPTS:
        assert before is not None
        ada.page.wait_for_function(ACCESS_IS_AT, arg=before["y"])


def test_the_page_says_what_it_is_and_what_can_be_done_to_harm(ada: Visitor) -> None:
    manages(ada, ada.owns("Hut by the lake"))
    expect(ada.page.get_by_role("heading", level=1)).to_have_text("Manage")
    expect(ada.page.locator(".manage-title")).to_have_text("Hut by the lake")
    sections = [
        "About",
        "Access and posting",
        "People",
        "Invite someone",
        "Links",
        "Owner activity",
        "Danger zone",
    ]
    jumps = ada.page.get_by_role("navigation", name="On this page").get_by_role("link")
    expect(jumps).to_have_text(sections)
    jumps.last.click()
    danger = ada.page.get_by_role("region", name="Danger zone")
    expect(danger.get_by_role("heading").first).to_be_in_viewport()
    harmful = ["Replace link", "End conversation", "Delete for good"]
    expect(danger.get_by_role("link")).to_have_text(harmful)
    keeps_messages(ada, "30 days")
    keeps_messages(ada, "1 year", asked=False)
