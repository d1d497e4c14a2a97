"""Whoever comes back finds their conversations on the first page."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.visitor import PHONE, Visitor


def test_whoever_comes_back_finds_their_conversations(ada: Visitor, arrive: Arrive) -> None:
    tea = ada.starts("Tea on Sunday")
    ada.joins()
    ben = arrive("Ben", **PHONE)
    ben.starts("Dinner " + "with everybody who was there last time " * 4)
    ben.comes(tea)
    ben.says("Who brings the cake?")
    ben.opens("/")
    own = ben.page.get_by_role("region", name="Your conversations").get_by_role("listitem")
    expect(own.first).to_have_text("Tea on Sunday 1 message · Today", use_inner_text=True)
    expect(own.last).to_contain_text("owner")
    wide = ben.measures("document.documentElement.scrollWidth - screen.width")
    assert wide <= 0
    assert grave_faults(ben.page) == []
    own.first.get_by_role("link").click()
    ben.reads("Who brings the cake?")
    expect(ben.composer).to_be_visible()
