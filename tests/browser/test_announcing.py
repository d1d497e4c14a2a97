"""A line of whoever runs the server: shown at once, closed for good, the next one seen again."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.browser.visitor import Visitor
from tests.operating.test_conversations import parley


def line(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("complementary", name="Announcement")


def announces(data: Path, *arguments: str) -> None:
    ended = parley("announce", *arguments, "--data", str(data))
    assert ended.returncode == 0, ended


def test_it_comes_to_an_open_page_and_can_be_closed(ada: Visitor, ben: Visitor, data: Path) -> None:
    link = ada.starts()
    ben.comes_by_hand(link)
    try:
        announces(data, "Down at 8")
        for each in (ada, ben):
            expect(line(each)).to_contain_text("Down at 8")
        line(ada).get_by_role("button", name="Close").click()
        expect(line(ada)).to_have_count(0)
        ada.page.reload()
        ada.is_connected()
        expect(line(ada)).to_have_count(0)
        ben.page.reload()
        ben.is_connected()
        expect(line(ben)).to_have_count(1)
        announces(data, "Back at 9")
        for each in (ada, ben):
            expect(line(each)).to_have_count(1)
            expect(line(each)).to_contain_text("Back at 9")
    finally:
        announces(data, "--clear")
    for each in (ada, ben):
        expect(line(each)).to_have_count(0)
