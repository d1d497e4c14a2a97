"""What things look like: marks, colours that mean something, and the same without colours."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeding
from tests.browser.test_everyone import COVERS
from tests.browser.visitor import PHONE, SLOW_MS, Visitor

AA = 4.5
AA_NO_TEXT = 3.0
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# Contrast as WCAG 2 has it, of colours however they are written.
CONTRAST = """
const rgb = colour => {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
};
const luminance = colour => {
  const [red, green, blue] = rgb(colour).map(each => each / 255)
    .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const contrast = (one, other) => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};
"""


def looks_of(faces: Locator) -> list[Any]:
    """What stands in each mark, and in which colour."""
    looks: list[Any] = faces.evaluate_all(
        """faces => faces.map(face => [
          getComputedStyle(face, "::before").content.replaceAll('"', ""),
          getComputedStyle(face).backgroundColor,
        ])"""
    )
    return looks


@pytest.mark.not_in_firefox("it gives generated text as attr(…), and not what is shown")
def test_each_group_and_each_person_has_a_mark_of_their_own(
    ada: Visitor, ben: Visitor, cleo: Visitor
) -> None:
    link = ada.starts_nameless()
    ada.joins("Ada Lovelace")
    ben.comes(link)
    cleo.comes(link)
    ada.says("One")
    ada.says("Two")
    ben.says("Three")
    cleo.says("Four")
    ben.reads("Four")
    shown = ben.messages.locator(".face:visible")
    live = looks_of(shown)
    assert [initials for initials, _ in live] == ["AL", "C"]
    people = dict(looks_of(ben.people.locator(".face")))
    assert list(people) == ["B", "AL", "C"]
    assert len(set(people.values())) == 3
    assert live == [["AL", people["AL"]], ["C", people["C"]]]
    own = ben.measures(
        "getComputedStyle(document.querySelector('.button.primary')).backgroundColor"
    )
    assert people["B"] == own

    ben.reloads()
    ben.is_connected()
    assert looks_of(shown) == live
    assert dict(looks_of(ben.people.locator(".face"))) == people
    expect(ben.page.locator(".face").first).to_have_attribute("aria-hidden", "true")
    assert "AL" not in ben.page.get_by_role("log").inner_text()


def test_a_page_without_scripts_has_the_same_marks(seeding: Seeding, arrive: Arrive) -> None:
    said = [Said("Ada", "One"), Said("Ben", "Two"), Said("نور", "Three"), Said("🦊 Fox", "Four")]
    link = seeding.conversation(said=said).link
    plain, live = arrive("Cleo", java_script_enabled=False), arrive("Dan")
    for visitor in (plain, live):
        visitor.opens(link)
    live.is_connected()
    marks = [
        visitor.page.locator(".message .face, .person .face").evaluate_all(
            "faces => faces.map(face => [face.dataset.initials, face.dataset.hue])"
        )
        for visitor in (plain, live)
    ]
    assert [initials for initials, _ in marks[0]] == ["A", "B", "ن", "🦊"] * 2
    assert sorted(marks[0]) == sorted(marks[1])
    assert len({hue for _, hue in marks[0]}) == 4


@pytest.mark.not_in_firefox("it does as the system has it, whatever Playwright says of colours")
def test_letters_and_signs_can_be_read_in_light_and_dark(seeding: Seeding, arrive: Arrive) -> None:
    seeded = seeding.conversation(said=[Said("Ben", "Hi")], owner="Ada")
    ada = arrive("Ada")
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    for theme in THEMES:
        ada.page.emulate_media(color_scheme=theme)
        ada.page.wait_for_function(
            "theme => getComputedStyle(document.documentElement).colorScheme === theme", arg=theme
        )
        faces = ada.measures(
            f"""() => {{
              {CONTRAST}
              const face = document.querySelector(".message .face");
              return Array.from({{length: 12}}, (_, hue) => {{
                face.dataset.hue = hue;
                const {{color, backgroundColor}} = getComputedStyle(face);
                return contrast(color, backgroundColor);
              }});
            }}"""
        )
        assert min(faces) >= AA, (theme, faces)
        signs = ada.measures(
            f"""() => {{
              {CONTRAST}
              const paper = getComputedStyle(document.documentElement).backgroundColor;
              const dot = getComputedStyle(document.querySelector("#badge"), "::before");
              const end = getComputedStyle(document.querySelector("#end-link"));
              return {{
                connected: contrast(dot.backgroundColor, paper), danger: contrast(end.color, paper),
              }};
            }}"""
        )
        assert signs["connected"] >= AA_NO_TEXT, theme
        assert signs["danger"] >= AA, theme


def test_amber_is_for_what_is_yours_and_status_and_danger_have_their_own(
    seeding: Seeding, arrive: Arrive
) -> None:
    seeded = seeding.conversation(said=[Said("Ben", "Hi")], owner="Ada")
    ada = arrive("Ada")
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    hues = ada.measures(
        """() => {
          const style = (css, pseudo) => getComputedStyle(document.querySelector(css), pseudo);
          return {
            yours: style(".person.me .face").backgroundColor,
            connected: style("#badge", "::before").backgroundColor,
            danger: style("#end-link").color,
          };
        }"""
    )
    hue = {name: float(re.findall(r"[\d.]+", colour)[2]) for name, colour in hues.items()}
    assert 60 < hue["yours"] < 100  # amber
    assert 120 < hue["connected"] < 170  # green
    assert 10 < hue["danger"] < 40  # red
    assert ada.measures("getComputedStyle(document.querySelector('.mark')).backgroundColor") == (
        "rgba(0, 0, 0, 0)"  # an owner's mark is no button
    )


@pytest.mark.not_in_firefox("it has the pointer that the machine has, whatever Playwright says")
def test_on_a_phone_enter_breaks_the_line_and_the_button_sends(
    ada: Visitor, arrive: Arrive
) -> None:
    ben = arrive("Ben", **PHONE)
    ben.comes(ada.starts())
    ben.composer.tap()
    expect(ben.composer).to_have_attribute("enterkeyhint", "enter")
    ben.types("Milk\nBread")
    expect(ben.composer).to_have_value("Milk\nBread")
    ben.page.get_by_role("button", name="Send").tap()
    ada.reads("Milk Bread")
    assert ben.texts() == ["Milk\nBread"]
    ben.has_focus_on(ben.composer)  # and the keyboard stays open
    ben.types("From a keyboard")
    ben.page.keyboard.press("Control+Enter")
    ada.reads("From a keyboard")

    ada.composer.focus()
    expect(ada.composer).to_have_attribute("enterkeyhint", "send")
    ada.types("At a desk\n")
    ben.reads("At a desk")


ROOM_FOR_PLACEHOLDER = """field => {
  const {font, paddingLeft, paddingRight} = getComputedStyle(field);
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.font = font;
  const words = context.measureText(field.placeholder).width;
  return field.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) - words;
}"""


def test_the_words_in_an_empty_field_are_whole_on_a_small_phone(arrive: Arrive) -> None:
    ada = arrive("Ada", **PHONE)
    ada.starts()
    assert ada.composer.evaluate(ROOM_FOR_PLACEHOLDER) > 0
    assert ada.measures("document.documentElement.scrollWidth") == 320


def test_the_time_of_a_message_covers_no_words(seeding: Seeding, arrive: Arrive) -> None:
    words = "A message long enough to be as wide as the column. " * 3
    said = [Said(who, words) for who in ("Ben", "Ben", "Ada", "Ada")]
    seeded = seeding.conversation(said=said, owner="Ada")
    ada = arrive("Ada", locale="en-US")
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    for width in (320, 768, 1280):
        ada.page.set_viewport_size({"width": width, "height": 900})
        for message in ada.messages.all():
            message.locator(".message-text").hover()
            expect(message.locator(".message-head")).to_have_css("opacity", "1")
            time = message.locator("time")
            time.evaluate("time => { time.textContent = '12:44 PM'; }")  # as wide as it gets
            assert not message.evaluate(COVERS, time.element_handle())


@pytest.mark.not_in_firefox("it does as the system has it, whatever Playwright says of colours")
def test_in_forced_colours_what_a_colour_said_is_seen(seeding: Seeding, arrive: Arrive) -> None:
    said = [Said("Ben", "Hi"), Said("Ada", "Mine, with `code`")]
    seeded = seeding.conversation(said=said, owner="Ada")
    ada = arrive("Ada", forced_colors="active", reduced_motion="reduce")
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    ada.page.get_by_text("QR code", exact=True).click()
    for theme in THEMES:
        ada.page.emulate_media(color_scheme=theme, forced_colors="active", reduced_motion="reduce")
        says_it_without_colours(ada)


def says_it_without_colours(ada: Visitor) -> None:
    seen = ada.measures(
        f"""() => {{
          {CONTRAST}
          const style = css => getComputedStyle(document.querySelector(css));
          const canvas = getComputedStyle(document.documentElement).backgroundColor;
          const shape = css => contrast(style(css).fill, canvas);
          return {{
            code: contrast(style(".qr img").backgroundColor, "black"),
            bubble: [style(".mine .message-text").outlineStyle,
              contrast(style(".mine .message-text").outlineColor, canvas)],
            inline_code: style(".mine code").outlineStyle,
            face: contrast(style(".message .face").borderTopColor, canvas),
            signs: [shape(".bar-home .sign-theirs"), shape(".bar-home .sign-yours")],
            days: contrast(getComputedStyle(document.querySelector(".day"), "::before")
              .backgroundColor, canvas),
          }};
        }}"""
    )
    assert seen["code"] >= 15, "a scanner needs dark on light"
    assert seen["bubble"][0] == seen["inline_code"] == "solid"
    assert min(seen["bubble"][1], seen["face"], seen["days"], *seen["signs"]) >= AA_NO_TEXT

    badge = ada.page.locator("#badge")
    ada.measures("document.querySelector('#badge-text').textContent = ''")
    states = ("connected", "reconnecting", "offline")
    pictures = {badge_as(badge, state) for state in states}
    assert len(pictures) == len(states)
    me = ada.people.first
    here = me.screenshot()
    me.evaluate("person => person.classList.remove('online')")
    assert me.screenshot() != here
    me.evaluate("person => person.classList.add('online')")


def badge_as(badge: Locator, state: str) -> bytes:
    badge.evaluate("(badge, state) => { badge.dataset.state = state; }", state)
    return badge.screenshot()


LINES = """() => Object.fromEntries([...document.querySelectorAll(
  ".naming [role=option], .away, #own-rows .row-unread, #own-rows .row-for-you")].map(element => {
    const {outlineStyle, borderTopStyle} = getComputedStyle(element);
    const name = element.getAttribute("aria-selected") ?? element.className;
    return [name, outlineStyle === "solid" || borderTopStyle === "solid"];
  }))"""


DOT = f"""([css, part]) => {{
  {CONTRAST}
  const dot = getComputedStyle(document.querySelector(css), part || undefined);
  return contrast(dot.backgroundColor, getComputedStyle(document.body).backgroundColor);
}}"""


@pytest.mark.not_in_firefox("it does as the system has it, whatever Playwright says of colours")
def test_in_forced_colours_what_is_chosen_or_new_has_a_line_about_it(
    seeding: Seeding, arrive: Arrive
) -> None:
    said = [Said("Ben", "Hi"), Said("Cleo", "Hi")]
    seeded = seeding.conversation(said=said, owner="Ada")
    ada = arrive("Ada", forced_colors="active", color_scheme="dark")
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    ada.types("@")
    expect(ada.page.get_by_role("option")).to_have_count(2)
    ada.measures(
        "() => document.querySelector('.foot').prepend("
        "Object.assign(document.createElement('section'), { className: 'away' }))"
    )
    assert ada.measures(LINES) == {"away": True, "true": True, "false": False}
    ada.opens("/")
    assert ada.measures(LINES) == {"row-unread": True, "row-for-you": True}
    # Dots are seen, too: on the first page and where somebody waits to be let in.
    seeding.decide(seeded, {"knock": True})
    kim = arrive("Kim", forced_colors="active", color_scheme="dark")
    kim.may_meet("status 403", "status of 403")
    kim.opens("/")
    assert kim.measures(DOT, [".facts li", "::before"]) >= AA_NO_TEXT
    kim.opens(seeded.link)
    kim.page.get_by_label("Your name").fill("Kim")
    kim.page.get_by_role("button", name="Knock").click()
    expect(kim.page.get_by_role("heading", name="Waiting for the owner")).to_be_visible()
    assert kim.measures(DOT, [".waiting span", ""]) >= AA_NO_TEXT


@pytest.mark.not_in_firefox("it does as the system has it, whatever Playwright says of colours")
def test_in_forced_colours_a_new_link_can_be_scanned(seeding: Seeding, arrive: Arrive) -> None:
    seeded = seeding.conversation(owner="Ada")
    ada = arrive("Ada", forced_colors="active", color_scheme="dark")
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(f"{seeded.link}/manage")
    ada.page.get_by_role("button", name="Add a device").click()
    code = ada.page.locator(".qr-code svg")
    expect(code).to_be_visible()
    ground, ink = code.evaluate(
        f"""code => {{
          {CONTRAST}
          return [contrast(getComputedStyle(code).backgroundColor, "black"),
            contrast(getComputedStyle(code.querySelector("path")).fill, "black")];
        }}"""
    )
    assert ground >= 15
    assert ink < 2


def test_boxes_show_whether_they_are_ticked(ada: Visitor) -> None:
    ada.opens("/")
    box = ada.page.get_by_label("Show in the public list")
    look = (
        "box => [getComputedStyle(box).backgroundColor, getComputedStyle(box, '::before').content]"
    )
    colour, sign = box.evaluate(look)
    assert sign == "none"
    ada.page.get_by_text("Show in the public list").click()
    expect(box).to_be_checked()
    ticked_colour, ticked_sign = box.evaluate(look)
    assert ticked_colour != colour
    assert ticked_sign == '""'
    box.press("Space")
    expect(box).not_to_be_checked()
    assert box.evaluate(look) == [colour, sign]


BEYOND_THE_FOOT = """() => {
  const box = css => {
    const range = document.createRange();
    range.selectNodeContents(document.querySelector(css));
    return range.getBoundingClientRect();
  };
  const foot = document.querySelector(".site-foot");
  const {left, right} = foot.getBoundingClientRect();
  const {paddingLeft, paddingRight} = getComputedStyle(foot);
  return {
    left: Math.abs(box(".theme-name").left - left - parseFloat(paddingLeft)),
    right: Math.abs(box(".site-foot label:last-child span").right - right
      + parseFloat(paddingRight)),
  };
}"""


def test_the_choice_of_a_theme_is_flush_with_what_is_around_it(ada: Visitor) -> None:
    ada.opens("/")
    for width, side in ((320, "left"), (1280, "right")):  # in a line of its own, or at the end
        ada.page.set_viewport_size({"width": width, "height": 800})
        assert ada.measures(BEYOND_THE_FOOT)[side] < 1
    expect(ada.page.get_by_role("radiogroup", name="Theme").get_by_role("radio")).to_have_count(3)


def test_a_keyboard_on_the_screen_shrinks_the_page(ada: Visitor) -> None:
    ada.starts_nameless()
    ada.is_connected()
    viewport = ada.page.locator("meta[name=viewport]")
    expect(viewport).to_have_attribute("content", re.compile("interactive-widget=resizes-content"))


AMBER_BUTTONS = """() => {
  const amber = getComputedStyle(document.querySelector(".sign-yours")).fill;
  return [...document.querySelectorAll("button")]
    .filter(button => button.checkVisibility())
    .filter(button => getComputedStyle(button).backgroundColor === amber)
    .map(button => button.textContent.trim());
}"""


def has_amber(visitor: Visitor, *words: str) -> None:
    """These buttons and no others, soon."""
    are_these = f"words => String(({AMBER_BUTTONS})()) === String(words)"
    visitor.page.wait_for_function(are_these, arg=list(words), timeout=SLOW_MS)


def test_one_button_at_a_time_is_the_next_thing_to_do(
    seeding: Seeding, arrive: Arrive, ben: Visitor
) -> None:
    seeded = seeding.conversation(owner="Ada")
    ada = arrive("Ada", reduced_motion="reduce")
    ben.opens(seeded.link)
    ben.is_connected()
    has_amber(ben, "Join")

    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    has_amber(ada, "Copy link")
    seeding.decide(seeded, {"knock": True})
    for who in ("Kay", "Lou"):
        seeding.knock(seeded, who)
    expect(ada.page.get_by_role("button", name="Let in")).to_have_count(2)
    has_amber(ada, "Let in")
    ada.page.get_by_role("button", name="Decline all").click()
    expect(ada.page.get_by_role("button", name="Let in")).to_have_count(0)
    ada.types("Hello")
    has_amber(ada, "Send")
    ada.composer.press("Enter")
    ada.reads("Hello")
    has_amber(ada)


@pytest.mark.not_in_firefox("it moves nothing there, whatever Playwright says of motion")
def test_what_others_say_comes_in_quietly_and_quickly(
    seeding: Seeding, arrive: Arrive, ben: Visitor
) -> None:
    link = seeding.conversation(said=[Said("Cleo", "Before")]).link
    ada, dora = arrive("Ada"), arrive("Dora", reduced_motion="reduce")
    for visitor in (ada, ben, dora):
        visitor.comes(link)
    ada.says("Mine")
    ben.says("From Ben")
    moves = """message => {
      const {animationName, animationDuration} = getComputedStyle(message);
      return animationName === "none" ? 0 : 1000 * parseFloat(animationDuration);
    }"""
    for visitor in (ada, dora):
        visitor.reads("From Ben")
    assert 0 < ada.message("From Ben").evaluate(moves) <= 150
    assert ada.message("Mine").evaluate(moves) == 0
    assert ada.message("Before").evaluate(moves) == 0
    assert dora.message("From Ben").evaluate(moves) == 0
