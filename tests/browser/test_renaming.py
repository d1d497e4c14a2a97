"""Whoever is in a conversation can go by another name; the others see it at once."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Arrive
from tests.browser.visitor import PHONE, Visitor


def renames(page: Page, name: str) -> None:
    """Ask for another name, in the panel."""
    page.get_by_text("Change your name").click()
    page.get_by_label("New name").fill(name)
    page.get_by_role("button", name="Save").click()


def is_known_as(page: Page, name: str) -> None:
    """To themselves."""
    expect(page.locator("#own-name")).to_have_text(name)
    expect(page.locator("#people .person", has_text="you")).to_contain_text(name)


def sees_only(ada: Visitor, name: str) -> None:
    """Beside herself."""
    others = ada.people.filter(has_not_text="you").locator(".person-name")
    expect(others).to_have_text([name])


def test_one_changes_ones_name_and_everyone_sees_it_live(ada: Visitor, ben: Visitor) -> None:
    link = ada.starts()
    ben.comes(link)
    ben.says("Ben here")
    tab = ben.opens_another_tab()
    expect(tab.locator("#badge-text")).to_have_text("Connected")

    renames(ben.page, "Benedict")
    is_known_as(ben.page, "Benedict")
    sees_only(ada, "Benedict")
    expect(ada.notices.last).to_contain_text("Ben is now Benedict")
    is_known_as(tab, "Benedict")
    ben.says("Still me")
    said = ada.message("Still me").locator(".message-author")
    expect(said).to_have_text("Benedict")

    # No tab that comes back brings the old name back.
    ben.may_meet("ERR_INTERNET_DISCONNECTED", "WebSocket connection")
    ben.context.set_offline(True)
    ben.has_badge("Offline")
    ben.context.set_offline(False)
    ben.is_connected()
    expect(tab.locator("#badge-text")).to_have_text("Connected")
    is_known_as(ben.page, "Benedict")
    sees_only(ada, "Benedict")

    # The next conversation begins with it.
    ben.opens(ada.url)
    ben.starts_nameless("Another")
    expect(ben.name_field).to_have_value("Benedict")


def test_a_name_one_may_not_have_is_told_at_the_field(ada: Visitor, ben: Visitor) -> None:
    link = ada.starts()
    ben.may_meet(r"status (of )?4\d\d")
    ben.comes(link)
    renames(ben.page, "\u2060")
    problem = ben.page.locator("#rename-problem")
    expect(problem).to_contain_text("no visible characters")
    ben.has_focus_on(ben.page.get_by_label("New name"))
    ben.page.get_by_label("New name").fill(" ")
    ben.page.keyboard.press("Enter")
    expect(problem).to_have_text("Enter a name first.")
    ben.page.get_by_label("New name").fill("\u0410da")  # as Ada is seen, in Cyrillic
    ben.page.keyboard.press("Enter")
    expect(problem).to_have_text("")
    is_known_as(ben.page, "\u0410da")
    ben.has_focus_on(ben.page.locator("#rename summary"))
    likeness = ada.people.filter(has_not_text="you").locator(".person-facts")
    expect(likeness).to_have_text("same name as someone else")


def test_on_a_phone_one_renames_and_leaves_from_the_sheet(ada: Visitor, arrive: Arrive) -> None:
    link = ada.starts()
    ben = arrive("Ben", **PHONE)
    ben.comes(link)
    ben.page.get_by_role("button", name="People and link").click()
    renames(ben.page, "Benedict")
    sees_only(ada, "Benedict")
    ben.page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    expect(ben.page.get_by_role("heading", name="You left")).to_be_visible()
    expect(ada.people).to_have_count(1)
    expect(ada.notices.last).to_contain_text("Benedict left")


def test_one_changes_ones_name_without_javascript(arrive: Arrive, ada: Visitor) -> None:
    link = ada.starts()
    ben = arrive("Ben", java_script_enabled=False)
    ben.may_meet(r"status (of )?4\d\d")
    ben.opens(link)
    ben.name_field.fill("Ben")
    ben.page.get_by_role("button", name="Join").click()
    sees_only(ada, "Ben")

    renames(ben.page, "\u2060")
    expect(ben.page.get_by_role("alert").filter(has_text="no visible characters")).to_be_visible()
    ben.page.get_by_label("New name").fill("Benedict")
    ben.page.get_by_role("button", name="Save").click()
    is_known_as(ben.page, "Benedict")
    sees_only(ada, "Benedict")
    expect(ada.notices.last).to_contain_text("Ben is now Benedict")


def test_who_lost_their_cookie_goes_on_under_their_name(ada: Visitor, ben: Visitor) -> None:
    link = ada.starts()
    ben.may_meet("ERR_INTERNET_DISCONNECTED", "WebSocket connection")
    ben.comes(link)
    ben.context.clear_cookies()
    ben.context.set_offline(True)
    ben.has_badge("Offline")
    ben.context.set_offline(False)
    ben.is_connected()
    is_known_as(ben.page, "Ben")
    ben.says("As before")
    expect(ada.message("As before").locator(".message-author")).to_have_text("Ben")
