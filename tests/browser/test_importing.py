"""Bringing a conversation along by the page: what it becomes is shown before it is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.seeding import PATIENCE_S
from tests.forking import OPENER
from tests.importing import plain
from tests.servers import Process, process

LUNCH = {"at": "2024-07-01T12:00:00", "who": "ana", "text": "Lunch"}
PATIENCE_MS = 1000 * PATIENCE_S


@pytest.fixture
def plainly(tmp_path: Path) -> Iterator[Process]:
    """A server that reads the plainest format."""
    with process(tmp_path / "data", "--port", "0", environ={OPENER: plain.OPENER}) as server:
        yield server


@pytest.mark.parametrize("with_scripts", [True, False])
def test_a_file_is_looked_at_and_then_stored(
    plainly: Process, arrive: Arrive, tmp_path: Path, with_scripts: bool
) -> None:
    file = plain.write(tmp_path / plain.NAME, LUNCH, "{", title="Food", ana="Ana")
    ada = arrive("Ada", url=plainly.url, java_script_enabled=with_scripts, timezone_id="Asia/Tokyo")
    page = ada.page
    page.goto(f"{plainly.url}/import")
    page.get_by_label("The exported file").set_input_files(file)
    page.get_by_role("button", name="Preview").click()

    expect(page.get_by_role("heading", name="This is what you get")).to_be_visible(
        timeout=PATIENCE_MS
    )
    expect(page.get_by_text("1 (Ana)")).to_be_visible()
    page.get_by_text("What could not be read").click()
    expect(page.get_by_text("This is no JSON.")).to_be_visible()
    zone = page.get_by_label("Time zone")
    if with_scripts:
        expect(zone).to_have_value("Asia/Tokyo")
        assert grave_faults(page) == []
    ada.may_meet("status 400", "status of 400")
    zone.fill("Nowhere/Atlantis")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("There is no time zone")).to_be_visible(timeout=PATIENCE_MS)
    zone.fill("Asia/Tokyo")
    page.get_by_role("button", name="Import").click()
    page.get_by_role("link", name="Open the conversation").click(timeout=PATIENCE_MS)
    expect(page.get_by_role("heading", name=re.compile("Food"))).to_be_visible()
    time = ada.message("Lunch").locator("time").first
    expect(time).to_have_attribute("datetime", "2024-07-01T03:00:00.000+00:00")


@pytest.mark.parametrize("with_scripts", [True, False])
def test_whoever_knows_which_day_it_was_can_say_so(
    arrive: Arrive, tmp_path: Path, with_scripts: bool
) -> None:
    file = tmp_path / "WhatsApp Chat with Lunch.txt"
    file.write_text(
        "01/07/2024, 10:00 - Messages and calls are end-to-end encrypted.\n"
        "01/07/2024, 10:01 - Ana: Sunday?\n02/07/2024, 10:02 - Bo: Sunday!\n"
    )
    ada = arrive("Ada", java_script_enabled=with_scripts)
    page = ada.page
    ada.opens("/import")
    expect(page.get_by_label("How the file writes dates")).to_be_hidden()
    page.get_by_label("The exported file").set_input_files(file)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "can be read in two ways", timeout=PATIENCE_MS
    )
    page.get_by_role("link", name="Try again").click()
    page.get_by_label("How the file writes dates").select_option("31.12.2024")
    page.get_by_label("The exported file").set_input_files(file)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="This is what you get")).to_be_visible(
        timeout=PATIENCE_MS
    )
    expect(page.get_by_label("How the file writes dates")).to_have_value("dmy")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("2 messages imported.")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("link", name="Open the conversation").click(timeout=PATIENCE_MS)
    time = ada.message("Sunday?").locator("time").first
    expect(time).to_have_attribute("datetime", "2024-07-01T08:01:00.000+00:00")
