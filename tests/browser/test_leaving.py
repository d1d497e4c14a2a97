"""Whoever wants to leaves, and may come back."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.visitor import Visitor


def test_one_leaves_with_a_button_and_comes_back_by_the_link(ada: Visitor, ben: Visitor) -> None:
    link = ada.starts()
    ben.opens(link)
    leave = ben.page.get_by_role("button", name="Leave")
    expect(leave).to_be_hidden()  # nobody leaves before they came
    ben.joins()
    expect(ada.people).to_have_count(2)
    other_tab = ben.opens_another_tab()
    expect(other_tab.locator("#badge-text")).to_have_text("Connected")

    leave.click()
    expect(ben.page.get_by_role("heading", name="You left")).to_be_visible()
    expect(ada.people).to_have_count(1)
    expect(other_tab.get_by_text("You left this conversation.")).to_be_visible()

    ben.page.get_by_role("link", name="Open it again").click()
    ben.is_connected()
    expect(ada.people).to_have_count(2)
    ben.says("Here again")


def test_one_leaves_without_javascript(arrive: Arrive, ada: Visitor) -> None:
    link = ada.starts()
    ben = arrive("Ben", java_script_enabled=False)
    ben.opens(link)
    ben.name_field.fill("Ben")
    ben.page.get_by_role("button", name="Join").click()
    expect(ada.people).to_have_count(2)

    ben.page.get_by_role("button", name="Leave").click()
    expect(ben.page.get_by_role("heading", name="You left")).to_be_visible()
    expect(ada.people).to_have_count(1)
    ben.page.get_by_role("link", name="Open it again").click()
    ben.composer.fill("One more thing")
    ben.page.get_by_role("button", name="Send").click()
    ada.reads("One more thing")
    expect(ada.people).to_have_count(2)


def test_whoever_takes_the_name_of_one_who_spoke_and_left_is_marked(
    ada: Visitor, ben: Visitor, cleo: Visitor
) -> None:
    link = ada.starts()
    ben.opens(link)
    ben.joins("Zed")
    ben.says("The key is under the mat")
    ben.page.get_by_role("button", name="Leave").click()
    expect(ada.people).to_have_count(1)
    cleo.opens(link)
    cleo.joins("Zed")
    cleo.says("As I said")

    mark = "same name as someone else"
    ada.reads("As I said")
    expect(ada.message("As I said").locator(".mark")).to_have_text(mark)
    expect(ada.message("The key is under the mat").locator(".mark")).to_have_text("")
    expect(ada.people.filter(has_text="Zed").locator(".person-facts")).to_have_text(mark)
    ada.reloads()
    ada.is_connected()
    expect(ada.message("As I said").locator(".mark")).to_have_text(mark)

    # The first is who they were, whoever came meanwhile.
    ben.opens(link)
    ben.is_connected()
    ben.says("Here again")
    expect(ada.message("Here again").locator(".mark")).to_have_text("")
    expect(ada.people.filter(has_text="Zed").filter(has_text=mark)).to_have_count(1)
