"""The documentation in a browser: finding things, and asking the server from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from parley.pages import documentation
from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive

pytestmark = pytest.mark.skipif(
    not Path(documentation.FOLDER).exists(), reason="It is built by `make setup` or `make docs`."
)


def test_a_word_leads_to_the_section_about_it(arrive: Arrive) -> None:
    ada = arrive("Ada")
    page = ada.page
    page.goto(f"{ada.url}/docs/")
    page.keyboard.press("/")
    page.keyboard.type("ErrorAck")
    found = page.locator("#found")
    expect(found.get_by_role("link").first).to_contain_text("ErrorAck")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/docs/protocol.html#errorack")
    expect(page.get_by_role("heading", name="ErrorAck")).to_be_in_viewport()


def test_what_tells_of_a_thing_comes_before_the_tables_of_its_fields(arrive: Arrive) -> None:
    ada = arrive("Ada")
    page = ada.page
    page.goto(f"{ada.url}/docs/")
    page.get_by_role("searchbox").fill("webhook")
    found = page.locator("#found").get_by_role("link")
    expect(found.first).to_contain_text("webhook", ignore_case=True)
    assert all("protocol.html" not in str(link.get_attribute("href")) for link in found.all()[:3])


def test_calls_are_listed_by_what_they_are_about(arrive: Arrive) -> None:
    ada = arrive("Ada")
    page = ada.page
    page.goto(f"{ada.url}/docs/try.html")
    calls = page.get_by_label("Call")
    expect(calls).to_have_value("read")
    for call, noun in (("react", "Messages"), ("post_to_hook", "Hooks"), ("admin_end", "Admin")):
        option = calls.locator(f"optgroup[label={noun}] option[value={call}]")
        expect(option).to_have_count(1)
    described = page.evaluate("fetch('../openapi.json').then((reply) => reply.json())")
    count = sum(len(methods) for methods in described["paths"].values())
    expect(calls.locator("option")).to_have_count(count)


def test_a_call_and_an_event_are_tried_from_the_page(arrive: Arrive) -> None:
    ada = arrive("Ada")
    page = ada.page
    page.goto(f"{ada.url}/docs/try.html")
    page.get_by_role("button", name="Start a conversation").click()
    expect(page.get_by_text("You own it. Join it")).to_be_visible()
    answer = page.get_by_role("tabpanel", name="REST").get_by_role("status")
    for call, said in (("join", '"username": "Tess"'), ("send", '"seq": 1')):
        page.get_by_label("Call").select_option(call)
        page.get_by_role("button", name="Send").click()
        expect(answer).to_contain_text(said)

    page.get_by_role("tab", name="Socket.IO").click()
    panel = page.get_by_role("tabpanel", name="Socket.IO")
    panel.get_by_role("button", name="Connect").click()
    expect(panel.get_by_text("Connected. Begin")).to_be_visible()
    for event in ("join_room", "send_message"):
        panel.get_by_label("Event").select_option(event)
        panel.get_by_role("button", name="Send").click()
        expect(panel.get_by_role("status").last).to_contain_text('"ok": true')
    heard = panel.get_by_role("list", name="Heard")
    heard.get_by_text("new_message").click()
    expect(heard).to_contain_text('"message": "Hello"')


def test_it_is_for_everyone(arrive: Arrive) -> None:
    ada = arrive("Ada", viewport={"width": 320, "height": 640})
    for path in ("", "try.html", "settings.html"):
        ada.page.goto(f"{ada.url}/docs/{path}")
        assert grave_faults(ada.page) == [], path
        assert ada.page.evaluate("document.documentElement.scrollWidth") <= 320, path
