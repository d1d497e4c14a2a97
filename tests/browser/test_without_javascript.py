"""Without JavaScript one can read, join, post, end, and go through the history."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeding
from tests.browser.visitor import PHONE, Visitor


def test_people_talk_without_javascript(arrive: Arrive) -> None:
    ada, ben = arrive("Ada", java_script_enabled=False), arrive("Ben", java_script_enabled=False)
    link = ada.starts_by_hand("Plain")
    give_name(ada)
    post(ada, "Hello\nfrom a form")

    ben.opens(link)
    ben.reads("Hello from a form")
    give_name(ben)
    post(ben, "Hello, Ada")
    ada.page.get_by_role("link", name="Refresh").click()
    ada.reads("Hello, Ada")
    post(ben, "Are you there?")
    ada.page.get_by_role("link", name="Refresh").click()
    expect(ada.message("Are you there?")).to_be_in_viewport()
    ada.reloads()
    ada.reads_once("Hello from a form")
    expect(ada.page.locator(".message.mine")).to_have_count(1)
    expect(ada.page.locator(".message-author")).to_have_text(["You", "Ben", "Ben"])
    # Whose hour it is, a reader without a script cannot know otherwise.
    expect(ada.page.locator(".message-time").first).to_have_text(re.compile(r"^\d\d:\d\d UTC$"))
    expect(ada.page.locator(".day")).to_have_text(re.compile(r"^\d+ [A-Z][a-z]+ \d{4}$"))


def test_after_posting_from_a_phone_the_message_is_in_sight(
    arrive: Arrive, seeding: Seeding
) -> None:
    ben = arrive("Ben", java_script_enabled=False, **PHONE)
    ben.opens(seeding.conversation(said=[Said("Ada", f"line {i}") for i in range(20)]).link)
    give_name(ben)
    post(ben, "From the tram")

    expect(ben.message("From the tram")).to_be_in_viewport()
    expect(ben.composer).to_be_in_viewport(ratio=1)


def test_the_owner_ends_without_javascript(arrive: Arrive) -> None:
    ada = arrive("Ada", java_script_enabled=False)
    ada.starts_by_hand("Plain")
    ada.page.get_by_role("link", name="End conversation").click()
    ada.page.get_by_role("link", name="Cancel").click()
    expect(ada.name_field).to_be_visible()
    ada.page.get_by_role("link", name="End conversation").click()
    ada.page.get_by_role("button", name="End conversation").click()

    expect(ada.page.get_by_text("This conversation has ended.")).to_be_visible()
    expect(ada.name_field).not_to_be_visible()


def test_the_history_has_pages_without_javascript(arrive: Arrive, seeding: Seeding) -> None:
    said = [Said("Ada", f"line {i}") for i in range(105)]
    cleo = arrive("Cleo", java_script_enabled=False)
    cleo.opens(seeding.conversation(said=said).link)
    cleo.reads("line 104")
    expect(cleo.message("line 0")).to_have_count(0)
    cleo.page.get_by_role("link", name="Older messages").click()
    cleo.reads("line 0")
    cleo.page.get_by_role("link", name="Newest messages").click()
    cleo.reads("line 104")


def test_what_a_form_may_not_do_is_told_and_what_was_written_stays(
    arrive: Arrive, seeding: Seeding
) -> None:
    seeded = seeding.conversation(said=[Said("Ada", "hi")])
    ben = arrive("Ben", java_script_enabled=False)
    ben.may_meet("413", "400")
    ben.opens(seeded.link)
    give_name(ben)
    post(ben, "\n\t" + "x" * 8_001)

    expect(ben.page.get_by_role("alert").filter(visible=True)).to_contain_text("8,000")
    expect(ben.composer).to_have_value("\n\t" + "x" * 8_001)


def test_nothing_that_needs_a_script_is_offered_without_one(arrive: Arrive) -> None:
    ada = arrive("Ada", java_script_enabled=False)
    ada.starts_nameless()
    for name in ("Copy link", "Share", "People and link"):
        expect(ada.page.get_by_role("button", name=name)).to_have_count(0)
    expect(ada.page.get_by_role("radio", name="Dark")).to_have_count(0)
    expect(ada.page.get_by_label("Link to this conversation")).to_be_visible()


def give_name(visitor: Visitor) -> None:
    visitor.name_field.fill(visitor.name)
    visitor.page.get_by_role("button", name="Join").click()
    expect(visitor.composer).to_be_visible()


def post(visitor: Visitor, text: str) -> None:
    visitor.composer.fill(text)
    visitor.page.get_by_role("button", name="Send").click()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_composer_stays_as_it_is_while_one_types(arrive: Arrive, width: int) -> None:
    ada = arrive("Ada", java_script_enabled=False, viewport={"width": width, "height": 700})
    ada.starts_nameless()
    give_name(ada)
    parts = (
        ada.composer,
        ada.page.get_by_role("button", name="Send"),
        ada.page.get_by_label("File", exact=True),
    )
    before = [part.bounding_box() for part in parts]
    assert all(before)
    ada.composer.fill("Hello")
    assert [part.bounding_box() for part in parts] == before


def test_a_message_is_edited_and_deleted_without_javascript(arrive: Arrive) -> None:
    ada = arrive("Ada", java_script_enabled=False)
    ada.starts_by_hand("Plain")
    give_name(ada)
    post(ada, "Tea at for")
    post(ada, "And cake")
    actions = ada.page.get_by_role("link", name="Message actions")
    expect(actions).to_have_count(2)
    actions.first.click()
    ada.page.get_by_label("Edit it").fill("Tea at four")
    ada.page.get_by_role("button", name="Save").click()
    ada.reads("Tea at four")
    expect(ada.message("Tea at four")).to_contain_text("edited")
    actions.last.click()
    ada.page.get_by_role("button", name="Delete for everyone").click()
    ada.reads("Deleted")
    expect(actions).to_have_count(1)
