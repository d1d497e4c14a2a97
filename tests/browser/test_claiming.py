"""Claiming on the page to be somebody whose words were imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.seeding import PATIENCE_S
from tests.browser.visitor import PHONE, Visitor
from tests.forking import OPENER
from tests.importing import plain
from tests.servers import Process, process

TEA = {"at": "2024-01-31T10:01:00+00:00", "who": "ana", "text": "Tea?"}
PATIENCE_MS = 1000 * PATIENCE_S


@pytest.fixture
def plainly(tmp_path: Path) -> Iterator[Process]:
    with process(tmp_path / "data", "--port", "0", environ={OPENER: plain.OPENER}) as server:
        yield server


@pytest.fixture
def imports(plainly: Process, tmp_path: Path) -> Callable[[Visitor], str]:
    """Somebody brings a conversation along; its link."""
    file = plain.write(tmp_path / plain.NAME, TEA, ana="Ana")

    def bring(owner: Visitor) -> str:
        page = owner.page
        page.goto(f"{plainly.url}/import")
        page.get_by_label("The exported file").set_input_files(file)
        page.get_by_role("button", name="Preview").click()
        page.get_by_role("button", name="Import").click(timeout=PATIENCE_MS)
        page.get_by_role("link", name="Open the conversation").click(timeout=PATIENCE_MS)
        return page.url

    return bring


@pytest.mark.parametrize("with_scripts", [True, False])
def test_an_owner_agrees_and_they_speak_as_who_they_say(
    plainly: Process,
    imports: Callable[[Visitor], str],
    arrive: Arrive,
    with_scripts: bool,
) -> None:
    ada, annie = (
        arrive(name, url=plainly.url, java_script_enabled=with_scripts, **kind)
        for name, kind in (("Ada", PHONE), ("Annie", {}))
    )
    link = imports(ada)
    annie.page.goto(link)
    annie.page.locator("#username").fill("Annie")
    annie.page.locator("#username").press("Enter")
    if with_scripts:
        expect(annie.composer).to_be_editable(timeout=PATIENCE_MS)
        annie.page.keyboard.press("Control+k")
        box = annie.page.get_by_role("combobox", name="Search this conversation")
        expect(box).to_be_focused()
        annie.page.keyboard.type("from:")
        people = annie.page.get_by_role("listbox", name="People").get_by_role("option")
        expect(people).to_have_text(["Annie", "Ana"])
        annie.page.keyboard.type("ana")
        expect(people).to_have_text(["Ana"])
        annie.page.keyboard.press("Escape")  # the list, and then the search
        annie.page.keyboard.press("Escape")
        expect(box).to_be_hidden()
    annie.page.get_by_role("link", name="Are you one of the imported people?").first.click()
    annie.page.get_by_role("button", name="I am Ana").click()
    expect(annie.page.get_by_text("An owner still has to agree")).to_be_visible(timeout=PATIENCE_MS)
    annie.page.goto(link)

    agree = ada.page.get_by_role("link", name="Annie says they are Ana. Agree?")
    if with_scripts:
        expect(agree).to_be_in_viewport()  # beside the list of people it wouldn't be, on a phone
    ada.page.goto(link)  # who comes later is told too
    there = agree
    if with_scripts:
        there = ada.page.context.new_page().get_by_role("link", name="Annie says they are Ana")
        there.page.goto(link)
        expect(there).to_be_visible()
    agree.click()
    ada.page.get_by_role("button", name="Agree that Annie is Ana").click()
    expect(ada.page.get_by_text("Nobody from an import is left")).to_be_visible(timeout=PATIENCE_MS)
    if with_scripts:
        expect(there).to_be_hidden()  # on another page, as for another owner
    ada.page.goto(link)
    expect(agree).to_be_hidden()

    if not with_scripts:
        annie.page.reload()
    expect(annie.page.locator("#own-name").first).to_have_text("Ana", timeout=PATIENCE_MS)
    expect(annie.page.locator(".message.mine")).to_have_count(1)
    people = requests.get(
        link.replace("/conversation/", "/api/conversations/") + "/imported", timeout=PATIENCE_S
    ).json()["people"]
    assert people == []


@pytest.mark.parametrize("with_scripts", [True, False])
def test_who_is_declined_is_told(
    plainly: Process,
    imports: Callable[[Visitor], str],
    arrive: Arrive,
    with_scripts: bool,
) -> None:
    ada, mallory = (
        arrive(name, url=plainly.url, java_script_enabled=with_scripts)
        for name in ("Ada", "Mallory")
    )
    link = imports(ada)
    mallory.page.goto(link)
    mallory.page.locator("#username").fill("Mallory")
    mallory.page.locator("#username").press("Enter")
    expect(mallory.composer).to_be_visible(timeout=PATIENCE_MS)
    mallory.page.get_by_role("link", name="Are you one of the imported people?").first.click()
    mallory.page.get_by_role("button", name="I am Ana").click()
    mallory.page.get_by_role("link", name="Back to the conversation").click()
    if with_scripts:
        mallory.is_connected()

    ada.page.goto(f"{link}/who")
    ada.page.get_by_role("button", name="Decline Mallory's claim to be Ana").click()
    expect(ada.page.get_by_text("Waiting for your answer")).to_be_hidden(timeout=PATIENCE_MS)
    if with_scripts:
        told = "An owner declined your request to be Ana."
        expect(mallory.page.locator(".toast")).to_have_text(told, timeout=PATIENCE_MS)
        expect(mallory.page.locator("#announcer")).to_contain_text(told)
    # And so is who was away then.
    mallory.page.goto(f"{link}/who")
    row = mallory.page.get_by_role("listitem").filter(has_text="Ana")
    expect(row).to_contain_text("An owner declined. You can ask again.")
    row.get_by_role("button", name="I am Ana").click()
    expect(row).to_contain_text("An owner still has to agree")
