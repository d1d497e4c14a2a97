"""An export, from the page's button to the file that opens without a network."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from parley.proofs import checking
from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.making_files import png
from tests.browser.seeding import Said, Seeded, Seeding
from tests.browser.visitor import Visitor

BREAKS = "\n".join(f"a long line of a long text, number {number}" for number in range(200))


@pytest.fixture(scope="module")
def talk(seeding: Seeding) -> Seeded:
    seeded = seeding.conversation("Tea for all", [Said("Ada", "Who brings **milk**?")], owner="Ada")
    seeding.send_files(seeded, "Ada", "Look", ("tea.png", png(640, 480)), ("list.txt", b"Tea"))
    return seeded


def download(visitor: Visitor, title: str, folder: Path) -> Path:
    with visitor.page.expect_download() as begun:
        visitor.page.get_by_role("button", name=f"Download: {title}", exact=True).click()
    path = folder / begun.value.suggested_filename
    begun.value.save_as(path)
    return path


def test_from_the_panel_everything_is_two_steps_away(
    arrive: Arrive, talk: Seeded, tmp_path: Path
) -> None:
    ada = arrive("Ada")
    ada.has_session(talk.tokens["Ada"])
    ada.opens(talk.link)
    ada.is_connected()
    ada.page.get_by_role("link", name="Export…").click()
    expect(ada.page.get_by_role("heading", name="Export", exact=True)).to_be_visible()
    assert grave_faults(ada.page) == []
    path = download(ada, "Everything, with files", tmp_path)
    assert path.name == "Tea for all.zip"
    verdict = checking.check(path)
    assert (verdict.problems, verdict.files) == ((), 3)


def test_it_works_without_javascript(arrive: Arrive, talk: Seeded, tmp_path: Path) -> None:
    ada = arrive("Ada", java_script_enabled=False)
    ada.has_session(talk.tokens["Ada"])
    ada.opens(f"{talk.link}/export")
    path = download(ada, "JSON Lines", tmp_path)
    assert path.name == "Tea for all.jsonl"
    assert checking.check(path).problems == ()


def opened(visitor: Visitor, path: Path, asked: list[str]) -> Page:
    """The file, in a browser without a network."""
    page = visitor.page.context.new_page()

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.context.set_offline(True)
    page.goto(path.as_uri())
    return page


def test_the_page_of_a_zip_file_opens_offline_with_its_pictures(
    arrive: Arrive, talk: Seeded, tmp_path: Path
) -> None:
    ada = arrive("Ada", color_scheme="dark")
    ada.has_session(talk.tokens["Ada"])
    ada.opens(f"{talk.link}/export")
    with zipfile.ZipFile(download(ada, "Everything, with files", tmp_path)) as archive:
        archive.extractall(tmp_path / "out")
    asked: list[str] = []
    page = opened(ada, tmp_path / "out" / "conversation.html", asked)
    expect(page.get_by_role("heading", name="Tea for all")).to_be_visible()
    expect(page.locator("strong", has_text="milk")).to_be_visible()
    page.wait_for_function("document.querySelector('img').naturalWidth > 0")
    expect(page.get_by_role("link", name="list.txt")).to_be_visible()
    assert asked
    assert all(url.startswith("file:") for url in asked), asked
    dark = page.locator("html").evaluate("html => getComputedStyle(html).backgroundColor")
    page.emulate_media(color_scheme="light")
    light = page.locator("html").evaluate("html => getComputedStyle(html).backgroundColor")
    assert dark != light
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


def test_the_page_alone_is_one_file_and_prints_well(
    arrive: Arrive, seeding: Seeding, tmp_path: Path
) -> None:
    long = seeding.conversation(
        "To be printed",
        [*(Said(("Ada", "Ben")[i % 2], f"line {i}") for i in range(105)), Said("Ben", BREAKS)],
        owner="Ada",
    )
    ada = arrive("Ada", viewport={"width": 794, "height": 1123}, color_scheme="dark")
    ada.has_session(long.tokens["Ada"])
    ada.opens(f"{long.link}/export")
    asked: list[str] = []
    page = opened(ada, download(ada, "Page", tmp_path), asked)
    expect(page.locator("article")).to_have_count(106)
    assert len(asked) == 1
    assert grave_faults_offline(page) == []
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("html")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.locator(".message-text").first).to_have_css("color", "rgb(0, 0, 0)")
    if ada.is_in_chromium:
        pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
        assert 5 <= pages <= 25
    page.close()


def grave_faults_offline(page: Page) -> list[str]:
    """What can be asked without a script in the page: its policy allows none."""
    return [
        name
        for name, is_there in {
            "no language": page.locator("html[lang]").count() == 1,
            "no title": page.title() != "",
            "no heading": page.get_by_role("heading", level=1).count() == 1,
            "no main": page.get_by_role("main").count() == 1,
        }.items()
        if not is_there
    ]
