"""Files on paper, and where people choose the few colours themselves."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.making_files import payload, png, wav
from tests.browser.seeding import Said, Seeded, Seeding
from tests.browser.test_files import chips, chooses
from tests.browser.visitor import Visitor
from tests.media.recorded import webm

A4_PX = {"width": 794, "height": 1123}
NAMES = ("wide.png", "high.png", "small.png", "song.wav", "walk.webm", "notes.pdf")


@pytest.fixture(scope="module")
def talk(seeding: Seeding) -> Seeded:
    seeded = seeding.conversation("Files", [Said("Ada", "Here")], owner="Ada")
    files = (png(900, 300), png(300, 900), png(200, 200), wav(), webm(5, size=(320, 240)), b"%PDF-")
    seeding.send_files(seeded, "Ada", "All I have", *zip(NAMES, files, strict=True))
    return seeded


def comes_to_print(arrive: Arrive, talk: Seeded, path: str = "") -> Visitor:
    ada = arrive("Ada", viewport=A4_PX, color_scheme="dark")
    ada.has_session(talk.tokens["Ada"])
    ada.opens(f"{talk.link}{path}")
    return ada


# Whether each picture is there in its own shape, and on the page.
WHOLE = """() => [...document.querySelectorAll(".picture img")].filter(({complete}) => complete)
  .map(image => {
    const box = image.getBoundingClientRect();
    const shape = image.naturalWidth / image.naturalHeight;
    const isWhole = Math.abs(box.width / box.height - shape) < 0.05;
    return [image.alt, isWhole && box.right <= innerWidth];
  })"""
SAID = """() => [...document.querySelectorAll("[data-said]")]
  .map(file => getComputedStyle(file, "::after").content.replace(/["\u2068\u2069]/g, ""))"""


@pytest.mark.not_in_firefox("it gives generated text as attr(…), and not what is shown")
def test_on_paper_pictures_are_whole_and_all_files_named_with_their_size(
    arrive: Arrive, talk: Seeded
) -> None:
    ada = comes_to_print(arrive, talk)
    ada.is_connected()
    expect(ada.messages.locator(".picture img")).to_have_count(3)
    ada.page.emulate_media(media="print", color_scheme="dark")
    for player in (".film video", ".sound audio", ".faster", ".file-sign"):
        expect(ada.page.locator(player)).to_be_hidden()
    ada.page.wait_for_function(f"() => ({WHOLE})().length === 3")
    assert ada.measures(WHOLE) == [[name, True] for name in NAMES[:3]]
    said = ada.measures(SAID)
    assert [each.partition(" · ")[0] for each in said] == list(NAMES[:5])
    assert all(each.endswith((" kB", " bytes")) for each in said), said
    document = ada.messages.locator(".document")
    expect(document).to_contain_text("notes.pdf")
    expect(document.locator(".file-about")).to_have_text("PDF · 5 bytes")


def test_on_paper_the_page_of_files_is_a_list_of_them(arrive: Arrive, talk: Seeded) -> None:
    ada = comes_to_print(arrive, talk, "/files")
    expect(ada.page.locator(".file-list > li")).to_have_count(4)
    ada.page.emulate_media(media="print", color_scheme="dark")
    for left_out in (".site-head", ".site-foot", ".file-kinds", ".film video"):
        expect(ada.page.locator(left_out)).to_be_hidden()
    expect(ada.page.get_by_role("heading", name="Files")).to_be_visible()
    expect(ada.page.locator("html")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(ada.page.locator(".file-from").first).to_have_css("color", "rgb(0, 0, 0)")
    ada.page.wait_for_function(f"() => ({WHOLE})().length === 3")
    assert all(is_whole for _, is_whole in ada.measures(WHOLE))


@pytest.mark.not_in_firefox("it does as the system has it, whatever Playwright says of colours")
def test_in_forced_colours_files_show_how_they_fare(arrive: Arrive, talk: Seeded) -> None:
    ada = arrive("Ada", forced_colors="active", color_scheme="dark", reduced_motion="reduce")
    ada.may_meet("status 4", "status of 4")
    ada.has_session(talk.tokens["Ada"])
    ada.opens(talk.link)
    ada.is_connected()
    faster = ada.messages.get_by_role("button", name="1.5 times as fast")
    before = faster.screenshot()
    faster.click()
    expect(faster).to_have_attribute("aria-pressed", "true")
    faster.blur()
    ada.page.mouse.move(0, 0)
    expect(faster).to_have_css("outline-style", "solid")
    assert faster.screenshot() != before
    # What failed is marked by more than its colour, and how far the others are is seen.
    slow = ada.context.new_cdp_session(ada.page)
    slow.send("Network.enable")
    slow.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 100_000},
    )
    chooses(ada, payload("broken.png", png()[:20], "image/png"), payload("big.bin", bytes(900_000)))
    broken, big = chips(ada).first, chips(ada).last
    expect(broken).to_have_attribute("data-status", "failed")
    expect(broken).to_have_css("outline-style", "double")
    ada.page.wait_for_function(
        "() => document.querySelector('.chip:last-child progress').value > 100000"
    )
    big.get_by_role("progressbar").evaluate(
        """bar => {
          const still = bar.cloneNode();
          still.id = "still";
          bar.after(still);
        }"""
    )
    still = ada.page.locator("#still")
    looks = set()
    for part in (0, 0.5, 1):
        still.evaluate("(bar, part) => { bar.value = part * bar.max; }", part)
        looks.add(still.screenshot())
    assert len(looks) == 3
    # Which kind of files a page is of is not said by a colour alone.
    ada.opens(f"{talk.link}/files")
    expect(ada.page.locator(".file-kinds [aria-current]")).to_have_css("outline-style", "solid")
