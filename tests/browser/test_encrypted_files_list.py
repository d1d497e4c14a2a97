"""The files of an encrypted conversation in a list of their own: only the page knows them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave_faults
from tests.browser.making_files import film, payload, picture, wav
from tests.browser.test_encrypted_files import Reader
from tests.browser.test_encrypted_page import starts_encrypted
from tests.browser.test_files import chips, chooses, sends
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

PAGE_FILES = 30


def opens_files(who: Visitor) -> None:
    who.page.locator("#files-link").click()
    expect(who.page.get_by_role("heading", name="Files", exact=True)).to_be_visible()


@pytest.mark.not_in_firefox("it tells nothing of files that a page makes")
def test_files_are_listed_by_kind_and_lead_to_their_messages(ada: Visitor) -> None:
    link = starts_encrypted(ada)
    chooses(
        ada, picture("lake.png", 640, 480), payload("list.txt", b"Tea", "text/plain"),
        payload("tune.wav", wav(), "audio/wav"), payload("boat.webm", film(), "video/webm"),
    )  # fmt: skip
    expect(chips(ada)).to_have_count(4)
    ada.composer.fill("From the lake")
    sends(ada)
    ada.reads("From the lake")
    cleo = Reader(link, "Cleo")
    for number in range(60):
        cleo.says(f"Message {number}", f"c-{number}")
    ada.reloads()
    ada.is_connected()
    opens_files(ada)
    dialog = ada.page.get_by_role("dialog", name="Files")
    rows = dialog.locator(".file-list > li")
    expect(rows).to_have_count(2)
    lake = dialog.get_by_role("img", name="lake.png")
    expect(lake).to_have_js_property("naturalWidth", 640)
    expect(dialog.get_by_role("button", name="boat.webm")).to_be_visible()
    assert grave_faults(ada.page) == []
    lake.click()
    viewer = ada.page.get_by_role("dialog", name="Picture")
    expect(viewer.get_by_role("img", name="lake.png")).to_have_js_property("naturalWidth", 640)
    ada.page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Audio").click()
    expect(rows).to_have_count(1)
    expect(dialog.locator("audio")).to_have_js_property("error", None)
    dialog.get_by_role("button", name="Documents").click()
    with ada.page.expect_download() as saved:
        dialog.get_by_role("button", name="list.txt").click()
    assert saved.value.suggested_filename == "list.txt"
    dialog.get_by_role("link").click()
    expect(dialog).to_have_count(0)
    ada.has_focus_on(ada.message("From the lake"))


def test_older_ones_come_when_they_are_wanted(ada: Visitor) -> None:
    reader = Reader(starts_encrypted(ada), "Cleo")
    opens_files(ada)
    dialog = ada.page.get_by_role("dialog", name="Files")
    expect(dialog.get_by_role("status")).to_have_text("No pictures or videos yet.")
    ada.page.keyboard.press("Escape")
    for number in range(PAGE_FILES + 2):
        reader.sends_file(f"{number}.bin", b"x", "application/octet-stream")
    expect(ada.page.get_by_role("button", name=f"{PAGE_FILES + 1}.bin")).to_be_visible()
    opens_files(ada)
    dialog.get_by_role("button", name="Documents").click()
    names = dialog.locator(".file-list .file-name")
    expect(names).to_have_count(PAGE_FILES)
    expect(names.first).to_have_text(f"{PAGE_FILES + 1}.bin")
    dialog.get_by_role("button", name="Older files").click()
    expect(names).to_have_count(PAGE_FILES + 2)
    expect(names.last).to_have_text("0.bin")
    expect(dialog.get_by_role("button", name="Older files")).to_be_hidden()
