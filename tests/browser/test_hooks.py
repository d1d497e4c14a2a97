"""Hooks in the browser: an owner makes them, sees what became of them, and takes them away."""

from __future__ import annotations

import urllib.request

from playwright.sync_api import expect

from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.visitor import PHONE, Visitor


def opens_hooks(ada: Visitor, link: str) -> None:
    ada.opens(f"{link.split('#')[0]}/manage")
    ada.page.get_by_role("region", name="Hooks").get_by_role("link", name="Hooks").click()
    expect(ada.page.get_by_role("heading", name="Hooks", exact=True)).to_be_visible()


def makes_a_hook(ada: Visitor, name: str) -> str:
    """Its address, which is shown once."""
    ada.page.get_by_label("Name").fill(name)
    ada.page.get_by_role("button", name="Create a hook").click()
    address = ada.page.get_by_label("Address").input_value()
    ada.page.get_by_role("link", name="Done").click()
    return address


def posts(address: str, words: str) -> None:
    with urllib.request.urlopen(address, data=words.encode(), timeout=10) as answer:
        assert answer.read() == b"ok\n"


def test_an_owner_makes_a_hook_and_takes_it_away(arrive: Arrive) -> None:
    ada, ben = arrive("Ada"), arrive("Ben")
    link = ada.starts()
    ben.comes(link, "Ben")
    opens_hooks(ada, link)
    address = makes_a_hook(ada, "Alerts")
    posts(address, "The *shop* is down")
    ben.reads("The shop is down")
    said = ben.message("The shop is down")
    expect(said.get_by_text("Alerts")).to_be_visible()
    expect(said.get_by_text("bot", exact=True)).to_be_visible()
    ada.reloads()
    hook = ada.page.get_by_role("listitem").filter(has_text="Alerts")
    expect(hook).to_contain_text("used once")
    expect(ada.page.get_by_text(address.rpartition("/")[2])).to_have_count(0)
    hook.get_by_role("button", name="Remove").click()
    ada.page.get_by_role("button", name="Remove the hook").click()
    expect(ada.page.get_by_role("status")).to_have_text("The hook was removed.")
    expect(hook).to_have_count(0)


def test_an_owner_pauses_a_webhook_and_goes_on(arrive: Arrive) -> None:
    ada = arrive("Ada", **PHONE)
    link = ada.starts()
    opens_hooks(ada, link)
    ada.page.get_by_label("Address").fill("https://example.org/told")
    ada.page.get_by_label("People who join").check()
    ada.page.get_by_role("button", name="Create a webhook").click()
    assert ada.page.get_by_label("Secret").input_value().startswith("whsec_")
    ada.page.get_by_role("link", name="Done").click()
    webhook = ada.page.get_by_role("listitem").filter(has_text="https://example.org/told")
    expect(webhook).to_contain_text("New messages · People who join")
    webhook.get_by_role("button", name="Pause").click()
    expect(webhook).to_contain_text("paused")
    webhook.get_by_role("button", name="Resume").click()
    expect(webhook).to_contain_text("not told anything yet")
    webhook.get_by_role("link", name="Last deliveries").click()
    expect(ada.page.get_by_text("Nothing was sent in the last three days.")).to_be_visible()
    assert grave_faults(ada.page) == []


def test_an_address_that_may_not_be_asked_is_refused_where_it_was_filled_in(
    arrive: Arrive,
) -> None:
    ada = arrive("Ada")
    link = ada.starts()
    opens_hooks(ada, link)
    ada.may_meet(r"status (of )?400")
    ada.page.get_by_label("Address").fill("https://10.0.0.7/told")
    ada.page.get_by_role("button", name="Create a webhook").click()
    alert = ada.page.get_by_role("region", name="Tell other programs").get_by_role("alert")
    expect(alert).to_have_text("url must lead to a public address.")
    expect(ada.page.get_by_label("Address")).to_have_value("https://10.0.0.7/told")
