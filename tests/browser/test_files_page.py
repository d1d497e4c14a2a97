"""The page of a conversation's files: page by page, and opened as in the transcript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from parley.pages.files_of import PAGE_FILES
from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.making_files import png, wav
from tests.browser.seeding import Said, Seeded, Seeding
from tests.browser.visitor import Visitor

DOCUMENTS = PAGE_FILES * 3 + 5
AT_ONCE = 10


@pytest.fixture(scope="module")
def shelf(seeding: Seeding) -> Seeded:
    """Of three kinds: more documents than three pages hold, three pictures, one song."""
    seeded = seeding.conversation("A shelf", [Said("Ada", "Files for all")], owner="Ada")
    names = [f"page-{number:02}.txt" for number in range(DOCUMENTS)]
    for at in range(0, DOCUMENTS, AT_ONCE):
        seeding.send_files(seeded, "Ada", "", *((each, b"x") for each in names[at : at + AT_ONCE]))
    pictures = [(f"{name}.png", png(640, 480)) for name in ("one", "two")]
    seeding.send_files(seeded, "Ada", "Both of them", *pictures)
    seeding.send_files(seeded, "Ada", "", ("three.png", png(480, 640)))
    seeding.send_files(seeded, "Ada", "", ("song.wav", wav()))
    return seeded


def test_all_files_are_found_page_by_page(ben: Visitor, shelf: Seeded) -> None:
    ben.opens(f"{shelf.link}/files?kind=documents")
    seen: list[str] = []
    pages = 0
    while True:
        pages += 1
        rows = ben.page.locator(".file-list .file-name")
        expect(rows.first).to_be_visible()
        seen += rows.all_inner_texts()
        older = ben.page.get_by_role("link", name="Older files")
        if not older.count():
            break
        with ben.page.expect_navigation():
            older.click()
    assert pages >= 3
    assert sorted(seen) == [f"page-{number:02}.txt" for number in range(DOCUMENTS)]
    ben.page.get_by_role("link", name="Latest files").click()
    expect(ben.page.get_by_role("link", name="Latest files")).to_have_count(0)
    expect(ben.page.locator(".file-list .file-name").first).to_have_text(seen[0])
    assert grave_faults(ben.page) == []


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_the_kinds_of_files_stand_in_one_row(
    arrive: Arrive, shelf: Seeded, width: int
) -> None:
    ben = arrive("Ben", viewport={"width": width, "height": 640})
    ben.opens(f"{shelf.link}/files?kind=documents")
    kinds = ben.page.get_by_role("navigation", name="Kinds of files").get_by_role("link")
    expect(kinds).to_have_count(3)
    boxes = [each.bounding_box() for each in kinds.all()]
    assert len({box["y"] for box in boxes if box}) == 1
    assert ben.measures("document.documentElement.scrollWidth") == width
    for each in kinds.all():
        expect(each).to_be_in_viewport(ratio=0.99)


def test_pictures_open_over_the_page_of_files_as_in_the_transcript(
    ben: Visitor, shelf: Seeded
) -> None:
    ben.opens(f"{shelf.link}/files")
    two = ben.page.get_by_role("link", name="two.png")
    two.click()
    viewer = ben.page.get_by_role("dialog", name="Picture")
    expect(viewer).to_contain_text("2 of 3")
    expect(viewer.get_by_role("img", name="two.png")).to_have_js_property("naturalWidth", 640)
    expect(viewer.locator(".viewer-caption")).to_contain_text("Ada")
    ben.page.keyboard.press("ArrowRight")
    expect(viewer.get_by_role("img", name="one.png")).to_be_visible()
    ben.page.keyboard.press("ArrowLeft")
    ben.page.keyboard.press("ArrowLeft")
    expect(viewer.get_by_role("img", name="three.png")).to_be_visible()
    expect(viewer.get_by_role("button", name="Previous picture")).to_be_disabled()
    ben.page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    ben.has_focus_on(two)
    # Back closes it, too, and leaves the page where it was.
    ben.page.keyboard.press("Enter")
    expect(viewer).to_be_visible()
    ben.page.go_back()
    expect(viewer).to_be_hidden()
    assert ben.page.url.endswith("/files")


def test_sound_plays_faster_on_the_page_of_files(ben: Visitor, shelf: Seeded) -> None:
    held: list[Route] = []
    script = re.compile(r"/wave-[\w-]+\.js$")
    ben.page.route(script, lambda route: held.append(route), times=1)
    with ben.page.expect_request(script):
        # In Firefox a page has not loaded before what its scripts import has.
        ben.page.goto(f"{shelf.link}/files?kind=audio", wait_until="domcontentloaded")
    faster = ben.page.get_by_role("button", name="1.5 times as fast")
    # Until its script is there it would do nothing, so nobody can press it.
    expect(faster).to_be_disabled()
    for each in held:
        each.continue_()
    faster.click()
    expect(faster).to_have_attribute("aria-pressed", "true")
    expect(ben.page.locator("audio")).to_have_js_property("playbackRate", 1.5)
    ben.page.locator(".file-from a").click()
    expect(ben.messages.locator(".sound")).to_be_visible()
