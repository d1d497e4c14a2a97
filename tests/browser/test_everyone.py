"""For everyone: by keyboard, on a small screen, with a screen reader, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.line import Line
from tests.browser.making_files import film, png, wav
from tests.browser.seeding import Said, Seeded, Seeding
from tests.browser.visitor import PHONE, Visitor
from tests.effort import IS_EVERYTHING
from tests.people import PATIENCE_S

LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
LONG_LINK = "https://example.org/" + "a-path-that-never-breaks/" * 12
WIDE_CODE = "```\n" + "x = 'a line of code far wider than any phone' + " * 4 + "\n```"
MARKED = f"""**Strong**, *slanted*, ~~gone~~, [words]({LONG_LINK}) and:
- {LONG_WORD}
  1. one

> a quote of `code` and {LONG_LINK}

```a-language
{WIDE_CODE.splitlines()[1]}
```"""
MANY_KINDS = [
    Said("Ada", "Hello, everyone. Is `make` enough?"),
    Said("Ben", f"See {LONG_LINK} for that."),
    Said("Ben", LONG_WORD),
    Said("Ada", WIDE_CODE),
    Said("Ada", "🎉🎈"),
    Said("Ben", MARKED),
    Said("Cleo" * 16, "שלום, a name as long as names may be"),
    Said("Ben", "The last one."),
]
TARGET_PX = 44
Theme = Literal["light", "dark"]

# Scans from the middle of each control outwards for as far as a finger still meets it. Links
# within a sentence are as tall as its lines (WCAG 2.5.5 excepts them).
SMALL_TARGETS = """needed => {
  const small = [];
  const shown = element => element.checkVisibility({visibilityProperty: true});
  const meets = (element, x, y) => {
    const hit = document.elementFromPoint(x, y);
    return hit !== null && (element.contains(hit) || hit.closest("label")?.control === element);
  };
  const reach = (element, x, y, dx, dy) => {
    let far = 0;
    while (far < needed && meets(element, x + dx * (far + 1), y + dy * (far + 1))) far += 1;
    return far;
  };
  const controls = "a[href], button, input:not([type=hidden]), textarea, summary";
  for (const control of document.querySelectorAll(controls)) {
    if (!shown(control) || control.closest(".rich, .skip, .noscript")) continue;
    control.scrollIntoView({block: "center", behavior: "instant"});
    const box = control.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    if (!meets(control, x, y)) continue;
    const wide = reach(control, x, y, -1, 0) + reach(control, x, y, 1, 0) + 1;
    const high = reach(control, x, y, 0, -1) + reach(control, x, y, 0, 1) + 1;
    if (Math.min(wide, high) < needed - 0.5) {
      small.push(`${control.outerHTML.slice(0, 90)}: ${wide} x ${high}`);
    }
  }
  return small;
}"""
TOO_WIDE = """() => {
  const page = document.scrollingElement;
  const wide = [...document.querySelectorAll("body *")].filter(element => {
    const scrolls = element.parentElement.closest("pre, .visually-hidden");
    const box = element.getBoundingClientRect();
    const outside = box.right > innerWidth + 0.5 || box.left < -0.5;
    return outside && !scrolls && box.width > 1 && box.height > 1;
  });
  const found = wide.map(element => element.outerHTML.slice(0, 90));
  const scroller = document.querySelector("#scroller");
  if (scroller && scroller.scrollWidth > scroller.clientWidth) found.push("the transcript scrolls");
  if (page.scrollWidth > innerWidth) found.push("the page scrolls");
  return found;
}"""

OUTSIDE_OF_THE_PANEL = """() => {
  const panel = document.querySelector("#panel").getBoundingClientRect();
  return [...document.querySelectorAll("#panel *")]
    .filter(element => element.getBoundingClientRect().right > panel.right + 0.5)
    .map(element => element.outerHTML.slice(0, 90));
}"""


@pytest.fixture(scope="module")
def varied(seeding: Seeding) -> Seeded:
    varied = seeding.conversation(
        f"All kinds: {LONG_WORD}", MANY_KINDS, description=LONG_LINK, listed=True, owner="Dora"
    )
    names = ("lake.png", "hills.png", "song.wav", "walk.webm", f"{LONG_WORD}.pdf")
    files = (png(400, 300), png(300, 900), wav(), film(), b"%PDF-1.7")
    seeding.send_files(varied, "Dora", LONG_WORD, *zip(names, files, strict=True))
    seeding.say(varied, "Dora", "That is all")
    return varied


@pytest.fixture(scope="module")
def ended(seeding: Seeding) -> Seeded:
    ended = seeding.conversation("Over", MANY_KINDS, owner="Ada")
    seeding.end(ended)
    return ended


def states(visitor: Visitor, varied: Seeded, ended: Seeded) -> Iterator[str]:
    """Bring the page into one state after the other, and name each."""
    visitor.may_meet("404")
    for address in ("/", "/conversations", "/conversations?q=nothing-has-this", "/nowhere"):
        visitor.opens(address)
        yield address
    visitor.opens(ended.link)
    visitor.is_connected()
    yield "ended"
    visitor.opens(varied.link)
    visitor.is_connected()
    yield "guest"
    visitor.has_session(varied.tokens["Dora"])
    line = Line(visitor.page)
    visitor.opens(varied.link)
    visitor.is_connected()
    yield "owner"
    line.refuse("You may not write here.")
    visitor.sends("This one fails")
    expect(visitor.page.locator(".failed")).to_be_visible()
    yield "failed message"
    visitor.page.get_by_role("button", name="Discard").click()
    for kind in ("media", "audio", "documents"):
        visitor.opens(f"{varied.link}/files?kind={kind}")
        yield f"files: {kind}"
    visitor.opens(varied.link)
    visitor.is_connected()
    visitor.page.get_by_role("link", name="lake.png").click()
    expect(visitor.page.get_by_role("dialog", name="Picture")).to_be_visible()
    yield "viewer"
    visitor.page.keyboard.press("Escape")
    yield from dialogs(visitor.page)
    visitor.opens(f"{varied.link}/end")
    yield "asked to end"


def dialogs(page: Page) -> Iterator[str]:
    sheet = page.get_by_role("button", name="People and link")
    if sheet.is_visible():
        sheet.click()
        page.get_by_text("QR code", exact=True).click()
        yield "sheet"
    page.get_by_role("link", name="End conversation").click()
    yield "end dialog"


def test_axe_finds_nothing_serious_in_light_and_dark(
    arrive: Arrive, varied: Seeded, ended: Seeded
) -> None:
    dora = arrive("Dora", reduced_motion="reduce")
    found = [
        fault for state in states(dora, varied, ended) for fault in grave_in(dora, state, "light")
    ]
    assert not found, "\n".join(found)


def test_at_320_px_nothing_is_wider_than_the_screen_and_every_target_fits_a_finger(
    arrive: Arrive, varied: Seeded, ended: Seeded
) -> None:
    dora = arrive("Dora", reduced_motion="reduce", **PHONE)
    found = []
    for state in states(dora, varied, ended):
        found += [f"{state}, too wide: {what}" for what in dora.measures(TOO_WIDE)]
        small = dora.measures(SMALL_TARGETS, TARGET_PX)
        found += [f"{state}, too small: {what}" for what in small]
        found += grave_in(dora, state, "dark")

    assert not found, "\n".join(found)


def grave_in(visitor: Visitor, state: str, usual: Theme) -> list[str]:
    """What axe finds, in one theme of the two, or with `FAULTS=full` in both."""
    themes: tuple[Theme, ...] = ("light", "dark") if IS_EVERYTHING else (usual,)
    found = []
    for theme in themes:
        visitor.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found += [f"{state}, {theme}: {fault}" for fault in grave_faults(visitor.page)]
    return found


def test_with_the_keyboard_open_the_composer_and_the_last_message_stay(
    arrive: Arrive, varied: Seeded
) -> None:
    ben = arrive("Ben", **PHONE)
    ben.comes(varied.link)
    ben.taps(ben.composer)
    ben.page.set_viewport_size({"width": 320, "height": 300})

    expect(ben.composer).to_be_in_viewport(ratio=1)
    expect(ben.page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)
    expect(ben.messages.last).to_be_in_viewport(ratio=1)
    ben.says("From the tram")
    expect(ben.message("From the tram")).to_be_in_viewport(ratio=1)


@pytest.mark.not_in_firefox("it has the pointer that the machine has, whatever Playwright says")
def test_on_a_touch_screen_nothing_takes_the_focus_by_itself(
    arrive: Arrive, varied: Seeded
) -> None:
    ben = arrive("Ben", **PHONE)
    ben.opens(varied.link)
    ben.is_connected()

    assert ben.measures("document.activeElement === document.body")


def test_everything_can_be_done_by_keyboard(ada: Visitor) -> None:
    keys = ada.page.keyboard
    ada.opens("/")
    tabs_to(ada.page, ada.page.get_by_label("What is it about?"))
    keys.type("By keyboard")
    keys.press("Enter")
    ada.page.wait_for_url("**/conversation/*")
    expect(ada.name_field).to_be_focused()
    keys.type("Ada")
    keys.press("Enter")
    expect(ada.composer).to_be_focused()
    ada.is_connected()
    keys.type("Hello")
    keys.press("Enter")
    ada.reads("Hello")
    expect(ada.composer).to_be_focused()

    panel = ada.page.get_by_role("complementary")
    ada.may_use_the_clipboard()
    tabs_to(ada.page, panel.get_by_role("button", name="Copy link"))
    keys.press("Enter")
    expect(panel.get_by_role("button", name="Copied")).to_be_focused()

    end = ada.page.get_by_role("link", name="End conversation")
    dialog = ada.page.get_by_role("dialog", name="End this conversation?")
    tabs_to(ada.page, end)
    keys.press("Enter")
    expect(dialog).to_be_visible()
    keys.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(end).to_be_focused()
    keys.press("Enter")
    tabs_to(ada.page, dialog.get_by_role("button", name="End conversation"))
    keys.press("Enter")
    expect(ada.page.get_by_text("This conversation has ended.").first).to_be_visible()


def tabs_to(page: Page, wanted: Locator) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"40 tabs do not reach {wanted}")


def test_the_skip_link_leads_to_where_one_writes(ada: Visitor) -> None:
    ada.starts()
    skip = ada.page.get_by_role("link", name="Skip to message box")
    skip.focus()
    expect(skip).to_be_in_viewport()
    skip.press("Enter")
    ada.page.keyboard.press("Tab")

    expect(ada.composer).to_be_focused()


def test_focus_goes_back_after_the_sheet(arrive: Arrive, varied: Seeded) -> None:
    ben = arrive("Ben", **PHONE)
    ben.comes(varied.link)
    button = ben.page.get_by_role("button", name="People and link")
    sheet = ben.page.get_by_role("dialog", name="People and link")
    button.click()
    expect(sheet).to_be_visible()
    ben.page.keyboard.press("Escape")
    expect(sheet).not_to_be_visible()
    expect(button).to_be_focused()

    button.click()
    sheet.get_by_role("button", name="Close").click()
    expect(button).to_be_focused()
    expect(button).to_have_accessible_name(re.compile(r"People and link, \d+"))


def test_who_wants_less_motion_gets_none(arrive: Arrive, varied: Seeded) -> None:
    ben = arrive("Ben", reduced_motion="reduce")
    ben.opens(varied.link)
    moving = """[...document.querySelectorAll("*")].filter(element => {
      const {transitionDuration, animationName} = getComputedStyle(element);
      return parseFloat(transitionDuration) > 0 || animationName !== "none";
    }).length"""

    assert ben.measures(moving) == 0


def test_the_side_panel_keeps_names_whole_and_buttons_inside(
    seeding: Seeding, arrive: Arrive
) -> None:
    seeded = seeding.conversation(said=[Said("Ada", "Hi"), Said("\u0410da", "Hi")], owner="Ada")
    ada = arrive("Ada", viewport={"width": 1280, "height": 700})
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    sheet = ada.page.get_by_role("button", name="People and link")
    alike = ada.people.filter(has_text="same name as someone else").locator(".person-name")
    for width in (1280, 768, 320):
        ada.page.set_viewport_size({"width": width, "height": 700})
        if sheet.is_visible():
            sheet.click()
        expect(alike).to_be_visible()
        assert alike.evaluate("name => name.getClientRects().length") == 1
        assert ada.measures(OUTSIDE_OF_THE_PANEL) == []


# Letter by letter: a line's box is as wide as its column.
COVERS = """(message, button) => {
  const box = button.getBoundingClientRect();
  const range = document.createRange();
  const text = message.querySelector(".message-text").firstChild;
  return [...text.data].some((letter, at) => {
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    const {left, right, top, bottom} = range.getBoundingClientRect();
    const apart = right <= box.left || left >= box.right || bottom <= box.top || top >= box.bottom;
    return letter.trim() !== "" && !apart;
  });
}"""


def test_what_unproven_means_is_said_while_somebody_is(ada: Visitor) -> None:
    room_id = ada.starts().split("#")[0].rsplit("/", 1)[1]
    meaning = ada.page.get_by_text("Unproven: there is no proof yet that this is really them.")
    expect(meaning).to_be_hidden()
    conversation = f"{ada.url}/api/conversations/{room_id}"
    joined = requests.post(f"{conversation}/join", json={"username": "Ben"}, timeout=PATIENCE_S)
    token = joined.json()["token"]
    ada.reloads()
    expect(meaning).to_be_visible()
    mark = ada.people.filter(has_text="Ben").locator(".person-unproven")
    expect(mark).to_have_attribute("title", "There is no proof yet that this is really them")
    said = requests.post(
        f"{conversation}/messages",
        json={"message": "It is me"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=PATIENCE_S,
    )
    assert said.status_code == 201
    ada.reads("It is me")
    ada.reloads()
    expect(meaning).to_be_hidden()
