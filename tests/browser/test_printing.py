"""A printed conversation: the transcript alone and whole, black on white."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.making_files import png
from tests.browser.seeding import Said, Seeded, Seeding

BLACK, WHITE = "rgb(0, 0, 0)", "rgb(255, 255, 255)"
A4_PX = {"width": 794, "height": 1123}
# Whatever encloses a message and would cut it where a page or a screen ends.
CUTTING = """[...document.querySelectorAll("#items .message-text, #items pre")].flatMap(text => {
  const cutting = [];
  for (let box = text; box; box = box.parentElement) {
    const {overflowY, display, flexDirection} = getComputedStyle(box);
    const isCut = overflowY !== "visible" && box.scrollHeight > box.clientHeight;
    const isReversed = display === "flex" && flexDirection === "column-reverse";
    if (isCut || isReversed) cutting.push(box.tagName + "#" + box.id + "." + box.className);
  }
  return cutting;
})"""
# Generated text has no box to ask for: what holds it is as wide.
PRINTED = """day => [
  day.getBoundingClientRect().width,
  getComputedStyle(day, "::after").content === "none" ? "" : day.dataset.printed,
]"""
PAGE_RULES = """() => {
  const found = [];
  const look = rules => {
    for (const rule of rules) {
      if (rule instanceof CSSPageRule) found.push(rule.style.margin);
      else if (rule instanceof CSSImportRule) look(rule.styleSheet.cssRules);
      else if (rule.cssRules) look(rule.cssRules);
    }
  };
  for (const sheet of document.styleSheets) look(sheet.cssRules);
  return found;
}"""
WIDE = "```\n" + "a line of code wider than any paper " * 8 + "\n```"

NOT_ON_PAPER = pytest.mark.not_in_firefox("Playwright cannot have it show what it would print")


@pytest.fixture(scope="module")
def talk(seeding: Seeding) -> Seeded:
    said = [Said(("Ada", "Ben")[i % 2], f"line {i}") for i in range(105)]
    return seeding.conversation("To be kept", [*said, Said("Ben", WIDE)], owner="Ada")


def test_the_transcript_alone_is_printed_whole_and_black_on_white(
    arrive: Arrive, talk: Seeded
) -> None:
    ada = arrive("Ada", viewport=A4_PX, color_scheme="dark")
    ada.has_session(talk.tokens["Ada"])
    ada.opens(talk.link)
    ada.is_connected()
    ada.page.emulate_media(media="print", color_scheme="dark")

    for left_out in (ada.composer, ada.page.locator("#side"), ada.page.locator("#badge")):
        expect(left_out).not_to_be_visible()
    expect(ada.page.get_by_role("button")).to_have_count(0)
    expect(ada.page.get_by_role("heading", name="To be kept")).to_be_visible()
    expect(ada.page.locator("#older")).to_be_visible()  # says that there is more
    assert ada.measures(CUTTING) == []
    body = ada.page.locator("html")
    expect(body).to_have_css("background-color", WHITE)
    for text in (ada.message("line 103"), ada.message("line 104")):
        expect(text.locator(".message-text")).to_have_css("color", BLACK)
        expect(text.locator(".message-text")).to_have_css(
            "background-color", re.compile(r"rgba\(0, 0, 0, 0\)|rgb\(255, 255, 255\)")
        )
    expect(ada.page.locator(".mine .message-author").first).to_have_text("You")
    assert ada.measures("document.documentElement.scrollWidth <= innerWidth")
    if ada.is_in_chromium:
        assert len(re.findall(rb"/Type\s*/Page\b", ada.page.pdf(format="A4"))) > 1

    # What was on the screen is there again.
    ada.page.emulate_media(media="screen")
    expect(ada.composer).to_be_visible()
    expect(ada.message("line 104")).to_be_in_viewport()


@NOT_ON_PAPER
def test_days_are_printed_by_their_date(arrive: Arrive, talk: Seeded) -> None:
    ada = arrive("Ada", viewport=A4_PX)
    ada.has_session(talk.tokens["Ada"])
    ada.opens(talk.link)
    ada.is_connected()
    day = ada.page.locator(".day time")
    expect(day).to_have_text("Today")
    ada.page.emulate_media(media="print")
    expect(day).to_have_css("font-size", "0px")
    width, words = day.evaluate(PRINTED)
    assert re.fullmatch(r"[A-Z][a-z]+day \d+ [A-Z][a-z]+ 20\d\d", words)
    assert width > 100
    ada.page.emulate_media(media="screen")
    expect(day).not_to_have_css("font-size", "0px")


@NOT_ON_PAPER
def test_a_pdf_has_margins_and_breaks_no_picture(arrive: Arrive, seeding: Seeding) -> None:
    seeded = seeding.conversation("Pictures", [Said("Ada", "Look")], owner="Ada")
    for _ in range(5):
        seeding.send_files(seeded, "Ada", "", ("tea.png", png(640, 480)))
    ada = arrive("Ada", viewport=A4_PX)
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    expect(ada.page.locator(".picture img")).to_have_count(5)
    rules = ada.measures(PAGE_RULES)
    assert rules == ["1.5cm"]
    ada.page.emulate_media(media="print")
    for picture in ada.page.locator(".picture").all():
        expect(picture).to_have_css("break-inside", "avoid")
    if ada.is_in_chromium:
        pdf = ada.page.pdf(format="A4")
        # Five of some 320 pixels do not fit on one, and a picture is never cut in two.
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 2


def test_it_is_printed_so_without_javascript(arrive: Arrive, talk: Seeded) -> None:
    ada = arrive("Ada", java_script_enabled=False, viewport=A4_PX)
    ada.has_session(talk.tokens["Ada"])
    ada.opens(talk.link)
    ada.page.emulate_media(media="print")
    expect(ada.composer).not_to_be_visible()
    expect(ada.page.locator("#side")).not_to_be_visible()
    expect(ada.page.locator(".noscript")).not_to_be_visible()
    expect(ada.message("line 104")).to_be_visible()
