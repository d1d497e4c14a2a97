"""Reacting to a message: chips under it, six emoji at hand, and all others to look for."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeding
from tests.browser.test_message_menu import long_presses
from tests.browser.visitor import PHONE, Visitor

TWENTY = "😀😃😄😁😆😅🤣😂🙂🙃🫠😉😊😇🥰😍🤩😘😗😚"


def chips(visitor: Visitor, text: str) -> Locator:
    return visitor.message(text).locator(".reaction")


def picker(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("dialog", name="React")


def asks_to_react(visitor: Visitor, text: str) -> None:
    visitor.message(text).hover()
    visitor.message(text).get_by_role("button", name="React").click()
    expect(picker(visitor)).to_be_visible()


def test_people_react_to_what_was_said_and_take_it_back(ada: Visitor, ben: Visitor) -> None:
    link = ada.starts()
    ben.comes(link)
    ada.says("Tea?")
    ben.reads("Tea?")
    asks_to_react(ben, "Tea?")
    picker(ben).get_by_role("button", name="👍").click()
    expect(picker(ben)).to_be_hidden()
    for each, words in ((ben, "👍 1, you"), (ada, "👍 1, Ben")):
        expect(chips(each, "Tea?")).to_have_accessible_name(words)
    expect(chips(ben, "Tea?")).to_have_attribute("aria-pressed", "true")
    expect(chips(ada, "Tea?")).to_have_attribute("aria-pressed", "false")
    # Whoever said it is told, once, in words.
    expect(ada.page.locator("#announcer")).to_contain_text("Ben reacted with 👍 to: Tea?")

    chips(ada, "Tea?").click()
    for each in (ada, ben):
        expect(chips(each, "Tea?")).to_contain_text("2")
    expect(chips(ben, "Tea?")).to_have_accessible_name("👍 2, you and Ada")
    chips(ben, "Tea?").hover()
    expect(chips(ben, "Tea?")).to_have_attribute("data-who", "You and Ada")
    shown = "getComputedStyle(document.querySelector('.reaction'), '::after').display"
    assert ben.measures(shown) == "block"
    ada.reloads()
    expect(chips(ada, "Tea?")).to_have_accessible_name("👍 2, you and Ben")
    ada.is_connected()
    for each in (ada, ben):
        chips(each, "Tea?").click()
    for each in (ada, ben):
        expect(chips(each, "Tea?")).to_have_count(0)
    assert ada.from_end_px() == 0


def test_an_emoji_is_found_and_chosen_by_keyboard_alone(ada: Visitor) -> None:
    requests: list[str] = []
    ada.page.on("request", lambda request: requests.append(request.url))
    ada.starts()
    ada.says("Cake")
    assert not any("/reactions/" in url or "words" in url for url in requests), requests
    keys = ada.page.keyboard
    ada.message("Cake").focus()
    expect(ada.message("Cake").get_by_role("toolbar")).to_be_visible()
    keys.press("+")
    expect(picker(ada).get_by_role("button", name="👍")).to_be_focused()
    keys.press("ArrowLeft")
    expect(picker(ada).get_by_role("button", name="More emoji")).to_be_focused()
    keys.press("Enter")
    search = picker(ada).get_by_role("searchbox", name="Search emoji")
    expect(search).to_be_focused()
    grid = picker(ada).get_by_role("grid")
    expect(grid.get_by_role("rowgroup", name="Flags")).to_be_attached()
    keys.type("pizz")
    expect(grid.get_by_role("gridcell")).to_have_count(1)
    assert grave_faults(ada.page) == []  # in a grid of one: it is slow in one of two thousand
    keys.press("ArrowDown")
    expect(grid.get_by_role("gridcell", name="pizza")).to_be_focused()
    keys.press("Enter")
    expect(chips(ada, "Cake")).to_have_accessible_name("🍕 1, you")
    expect(ada.message("Cake")).to_be_focused()

    # What was used comes first; arrows walk about the grid, and Escape leads back.
    keys.press("+")
    expect(picker(ada).get_by_role("button", name="🍕")).to_be_focused()
    expect(picker(ada).get_by_role("button", name="🍕")).to_have_attribute("aria-pressed", "true")
    picker(ada).get_by_role("button", name="More emoji").click()
    expect(grid.get_by_role("rowgroup", name="Recent")).to_be_attached()
    keys.press("ArrowDown")
    expect(grid.get_by_role("gridcell", name="pizza").first).to_be_focused()
    keys.press("ArrowDown")
    expect(grid.get_by_role("gridcell", name="grinning face", exact=True)).to_be_focused()
    keys.press("ArrowRight")
    expect(grid.get_by_role("gridcell", name="grinning face with big eyes")).to_be_focused()
    keys.press("Escape")
    expect(picker(ada)).to_be_hidden()
    expect(ada.message("Cake")).to_be_focused()


def test_a_skin_tone_is_chosen_once(ada: Visitor) -> None:
    ada.starts()
    ada.says("Well done")
    asks_to_react(ada, "Well done")
    picker(ada).get_by_role("button", name="More emoji").click()
    picker(ada).get_by_role("button", name="Skin tone: medium", exact=True).click()
    picker(ada).get_by_role("searchbox").fill("clapping")
    picker(ada).get_by_role("gridcell", name="clapping hands").click()
    expect(chips(ada, "Well done")).to_have_accessible_name("👏🏽 1, you")
    ada.reloads()
    ada.is_connected()
    asks_to_react(ada, "Well done")
    expect(picker(ada).get_by_role("button", name="👍🏽")).to_be_visible()
    picker(ada).get_by_role("button", name="More emoji").click()
    picker(ada).get_by_role("searchbox").fill("nothing of the kind")
    picker(ada).get_by_text("No emoji found").wait_for()


def test_whoever_reads_further_up_stays_where_they_are(seeding: Seeding, arrive: Arrive) -> None:
    said = [Said("Ben", f"line {number}") for number in range(60)]
    seeded = seeding.conversation(said=said, owner="Ada")
    ada = arrive("Ada")
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    ada.scrolls_to("line 30")
    top = "document.getElementById('m-31').getBoundingClientRect().top"
    expect(ada.message("line 30")).to_be_in_viewport()
    before = ada.measures(top)
    seeding.react(seeded, "Ben", 10, "👍")
    seeding.react(seeded, "Ben", 60, "🎉")
    expect(chips(ada, "line 59")).to_have_count(1)
    expect(chips(ada, "line 9")).to_have_count(1)
    assert abs(ada.measures(top) - before) < 1
    ada.scrolls_to("line 59")
    ada.page.evaluate("document.getElementById('scroller').scrollTop = 0")
    seeding.react(seeded, "Ben", 58, "👍")
    expect(chips(ada, "line 57")).to_have_count(1)
    assert ada.from_end_px() == 0


def test_a_crowd_that_reacts_fits_on_a_small_phone(seeding: Seeding, arrive: Arrive) -> None:
    seeded = seeding.conversation(said=[Said("Ada", "Who comes?")], owner="Ada")
    for number in range(12):
        seeding.react(seeded, f"Guest {number}", 1, *TWENTY[number:])
    ben = arrive("Ben", **{**PHONE, "viewport": {"width": 320, "height": 640}})
    ben.comes(seeded.link)
    expect(chips(ben, "Who comes?")).to_have_count(20)
    assert ben.measures("document.documentElement.scrollWidth") == 320
    last = chips(ben, "Who comes?").last
    assert last.get_attribute("data-who") == (
        "Guest 0, Guest 1, Guest 2, Guest 3, Guest 4, Guest 5, Guest 6, Guest 7, Guest 8, "
        "Guest 9 and 2 others"
    )


@pytest.mark.not_in_firefox("only Chromium lets a test press with a finger for as long as it wants")
def test_a_finger_that_presses_long_looks_and_a_tap_reacts(
    seeding: Seeding, arrive: Arrive
) -> None:
    seeded = seeding.conversation(said=[Said("Ada", "Who comes?")], owner="Ada")
    seeding.react(seeded, "Ada", 1, "👍")
    ben = arrive("Ben", **PHONE)
    ben.comes(seeded.link)
    last = chips(ben, "Who comes?").last
    box = last.bounding_box()
    assert box is not None
    touch = ben.page.context.new_cdp_session(ben.page)
    at = [{"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}]
    ben.message("Who comes?").locator(".message-text").tap()
    expect(ben.page.get_by_role("toolbar", name="Message actions")).to_be_visible()
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
    expect(last).to_be_focused()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(last).to_have_attribute("aria-pressed", "false")
    last.tap()
    expect(last).to_have_attribute("aria-pressed", "true")
    expect(last).to_contain_text("2")


def test_without_javascript_a_chip_is_a_button_of_a_form(seeding: Seeding, arrive: Arrive) -> None:
    seeded = seeding.conversation(said=[Said("Ben", "Tea?")], owner="Ada")
    seeding.react(seeded, "Ben", 1, "👍")
    ada = arrive("Ada", java_script_enabled=False)
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    expect(chips(ada, "Tea?")).to_have_accessible_name("👍 1, Ben")
    chips(ada, "Tea?").click()
    expect(chips(ada, "Tea?")).to_have_accessible_name("👍 2, you and Ben")
    expect(ada.page).to_have_url(re.compile(r"#m-1$"))
    chips(ada, "Tea?").click()
    expect(chips(ada, "Tea?")).to_have_accessible_name("👍 1, Ben")


def test_a_reaction_that_is_refused_goes_again_and_says_why(
    seeding: Seeding, arrive: Arrive
) -> None:
    seeded = seeding.conversation(said=[Said("Ben", "Tea?")], owner="Ada")
    seeding.react(seeded, "Ben", 1, "👍")
    cleo = arrive("Cleo")
    cleo.opens(seeded.link)
    cleo.is_connected()
    chips(cleo, "Tea?").click()
    expect(cleo.page.locator(".toast")).to_be_visible()
    expect(chips(cleo, "Tea?")).to_have_accessible_name("👍 1, Ben")
    cleo.message("Tea?").hover()
    expect(cleo.message("Tea?").get_by_role("toolbar")).to_be_visible()
    expect(cleo.message("Tea?").get_by_role("button", name="React")).to_have_count(0)


def test_whoever_reacts_after_fifty_others_sees_it_again_after_a_reload(
    seeding: Seeding, arrive: Arrive
) -> None:
    seeded = seeding.conversation(said=[Said("Ben", "Who comes?")], owner="Ada")
    seeding.crowd(seeded, 1, "🎉", 55)
    ada = arrive("Ada")
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    chip = chips(ada, "Who comes?")
    chip.click()
    expect(chip).to_have_accessible_name("🎉 56, you and 55 others")
    ada.reloads()
    expect(chip).to_have_accessible_name("🎉 56, you and 55 others")
    expect(chip).to_have_attribute("aria-pressed", "true")
    ada.is_connected()
    # What everybody is told does not say it, and does not take it away.
    seeding.react(seeded, "Ben", 1, "🎉")
    expect(chip).to_have_accessible_name("🎉 57, you and 56 others")
    plain, ben = (
        arrive(name, java_script_enabled=False) for name in ("Ada without scripts", "Ben")
    )
    for each, token in ((plain, "Ada"), (ben, "Ben")):
        each.has_session(seeded.tokens[token])
        each.opens(seeded.link)
        expect(chips(each, "Who comes?")).to_have_accessible_name("🎉 57, you and 56 others")
    chips(plain, "Who comes?").click()
    expect(chips(plain, "Who comes?")).to_have_accessible_name("🎉 56, 56 people")
    ben.reloads()
    expect(chips(ben, "Who comes?")).to_have_accessible_name("🎉 56, you and 55 others")
    chip.click()  # at another of her devices; here it goes with her next press
    expect(chip).to_have_attribute("aria-pressed", "false")


def test_the_picker_opens_where_the_mouse_asked_for_it(seeding: Seeding, arrive: Arrive) -> None:
    said = [Said("Ben", "@Ada: tea?"), Said("Ben", "Or coffee, @Ada? " * 8), Said("Ada", "Tea")]
    seeded = seeding.conversation(said=said, owner="Ada")
    ada = arrive("Ada", viewport={"width": 1280, "height": 800})
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    for text in ("tea?", "Or coffee", "Tea"):
        message = ada.page.locator(".message", has_text=text).first
        message.hover()
        button = message.get_by_role("button", name="React")
        asked = button.bounding_box()
        button.click()
        expect(picker(ada)).to_be_visible()
        opened = picker(ada).bounding_box()
        assert asked
        assert opened
        middle = asked["x"] + asked["width"] / 2
        assert opened["x"] <= middle <= opened["x"] + opened["width"], text
        apart = max(
            opened["y"] - asked["y"] - asked["height"], asked["y"] - opened["y"] - opened["height"]
        )
        assert apart < 120, text
        ada.page.keyboard.press("Escape")
        expect(picker(ada)).to_be_hidden()
    # All emoji fit on the screen, too, wherever the message stands that they are for.
    for text in ("tea?", "Or coffee", "Tea"):
        message = ada.page.locator(".message", has_text=text).first
        message.hover()
        message.get_by_role("button", name="React").click()
        picker(ada).get_by_role("button", name="More emoji").click()
        expect(picker(ada).get_by_role("gridcell").first).to_be_visible()
        expect(picker(ada)).to_be_in_viewport(ratio=1)
        ada.page.keyboard.press("Escape")
        expect(picker(ada)).to_be_hidden()
    # What means her twice in a row is marked twice, and the marks don't run into each other.
    first, second = (ada.page.locator(f"#m-{seq}").bounding_box() for seq in (1, 2))
    assert first
    assert second
    assert second["y"] - first["y"] - first["height"] > 8


def test_all_emoji_are_on_the_screen_wherever_the_message_is(
    seeding: Seeding, arrive: Arrive
) -> None:
    said = [Said("Ben", f"line {number}") for number in range(30)]
    seeded = seeding.conversation(said=said, owner="Ada")
    ada = arrive("Ada", viewport={"width": 1280, "height": 800})
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    for top in (150, 380, 600):
        ada.message("line 15").evaluate(
            """(message, top) => {
              const pane = document.getElementById("scroller");
              pane.scrollTop += message.getBoundingClientRect().top - top;
            }""",
            top,
        )
        asks_to_react(ada, "line 15")
        picker(ada).get_by_role("button", name="More emoji").click()
        expect(
            picker(ada).get_by_role("gridcell", name="grinning face", exact=True)
        ).to_be_visible()
        expect(picker(ada)).to_be_in_viewport(ratio=1)
        ada.page.keyboard.press("Escape")
        expect(picker(ada)).to_be_hidden()


@pytest.mark.not_in_firefox("only Chromium lets a test press with a finger for as long as it wants")
def test_on_a_phone_a_long_press_has_the_six_at_once(seeding: Seeding, arrive: Arrive) -> None:
    seeded = seeding.conversation(said=[Said("Ben", "Tea?")], owner="Ada")
    ada = arrive("Ada", **PHONE)
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    sheet = ada.page.get_by_role("dialog", name="Message actions")
    long_presses(ada, ada.message("Tea?"))
    sheet.get_by_role("button", name="🙏").tap()
    expect(sheet).to_be_hidden()
    expect(chips(ada, "Tea?")).to_have_accessible_name("🙏 1, you")
    # What one has reacted with is marked, comes first from then on, and is taken back there, too.
    long_presses(ada, ada.message("Tea?"))
    first = sheet.get_by_role("toolbar", name="Quick reactions").get_by_role("button").first
    expect(first).to_have_text("🙏")
    expect(first).to_have_attribute("aria-pressed", "true")
    assert grave_faults(ada.page) == []
    first.tap()
    expect(chips(ada, "Tea?")).to_have_count(0)
    # All others are a step further, and then at once.
    long_presses(ada, ada.message("Tea?"))
    sheet.get_by_role("button", name="More emoji").tap()
    picker(ada).get_by_role("gridcell", name="grinning face", exact=True).tap()
    expect(chips(ada, "Tea?")).to_have_accessible_name("😀 1, you")


WHO_IS_SHOWN = """chip => {
  const names = getComputedStyle(chip, "::after");
  const top = chip.parentElement.getBoundingClientRect().top + Number.parseFloat(names.top);
  const pane = document.getElementById("scroller").getBoundingClientRect();
  return names.display === "block" && top >= pane.top && top < pane.bottom;
}"""


def test_who_reacted_is_not_cut_off_at_the_edge(seeding: Seeding, arrive: Arrive) -> None:
    said = [Said("Ben", f"line {number}") for number in range(30)]
    seeded = seeding.conversation(said=said, owner="Ada")
    seeding.react(seeded, "Ben", 12, "🎉")
    ada = arrive("Ada", viewport={"width": 1280, "height": 700})
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    chip = chips(ada, "line 11")
    for above in (4, 300):
        chip.evaluate(
            """(chip, above) => {
              const pane = document.getElementById("scroller");
              const from = pane.getBoundingClientRect().top;
              pane.scrollTop += chip.getBoundingClientRect().top - from - above;
            }""",
            above,
        )
        ada.page.mouse.move(0, 0)
        chip.hover()
        # The first time, what places them is loaded first.
        ada.page.wait_for_function(WHO_IS_SHOWN, arg=chip.element_handle())
