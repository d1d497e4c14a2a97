"""What can be done with a message: tools beside it, a sheet on a phone, a key for each."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeding
from tests.browser.test_everyone import COVERS
from tests.browser.visitor import PHONE, Visitor

LONG = "A message long enough to be as wide as the column. " * 3


def tools(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("toolbar", name="Message actions")


def test_one_row_of_tools_goes_to_the_message_in_question(seeding: Seeding, arrive: Arrive) -> None:
    seeded = seeding.conversation(
        said=[Said("Ben", "Look: `code`"), Said("Ada", "Mine"), Said("Ben", "Last")], owner="Ada"
    )
    ben = arrive("Ben")
    ben.has_session(seeded.tokens["Ben"])
    ben.may_use_the_clipboard()
    ben.opens(seeded.link)
    ben.is_connected()
    ben.page.mouse.move(1, 1)  # Firefox begins where the pointer of the machine is
    expect(tools(ben)).to_have_count(0)
    ben.message("Mine").hover()
    expect(tools(ben)).to_have_count(1)
    expect(ben.message("Mine").get_by_role("toolbar")).to_be_visible()
    expect(tools(ben).get_by_role("button", name="Delete")).to_have_count(0)
    before = ben.measures("document.querySelectorAll('#items *').length")
    code = ben.messages.first
    code.hover()
    expect(code.get_by_role("toolbar")).to_be_visible()
    expect(tools(ben)).to_have_count(1)
    expect(tools(ben).get_by_role("button", name="Delete")).to_be_visible()
    assert ben.measures("document.querySelectorAll('#items *').length") < before + 15
    code.get_by_role("button", name="Copy text").click()
    expect(ben.page.locator(".toast")).to_have_text("Copied")
    assert pasted(ben) == "Look: `code`"
    ben.page.mouse.move(0, 0)
    ben.message("Last").hover()
    expect(ben.message("Last").get_by_role("toolbar")).to_be_visible()
    tools(ben).get_by_role("button", name="Copy link").click()
    expect(ben.page.locator("#announcer p")).to_have_count(2)
    assert pasted(ben) == f"{seeded.link}?at=3#m-3"


def test_tools_stay_with_their_message_where_lines_move_under_a_still_mouse(
    ada: Visitor, ben: Visitor
) -> None:
    link = ada.starts_nameless()
    ada.joins()
    ben.comes_by_hand(link)
    for text in ("One", "Two", "Three"):
        ada.says(text)
    two = ada.message("Two")
    two.hover()
    expect(two.get_by_role("toolbar")).to_be_visible()
    ben.says(LONG)
    ada.reads(LONG.strip())
    ada.page.wait_for_function("() => !document.querySelector('#m-2').matches(':hover')")
    expect(two.get_by_role("toolbar")).to_be_visible()
    ada.message("Three").hover()
    expect(two.get_by_role("toolbar")).to_have_count(0)
    expect(tools(ada)).to_have_count(1)


def test_by_keyboard_each_action_has_its_key_and_never_while_one_types(
    ada: Visitor,
) -> None:
    ada.may_use_the_clipboard()
    ada.starts()
    ada.says("First")
    ada.says("Second")
    ada.composer.press("c")
    expect(ada.composer).to_have_value("c")
    ada.page.locator("#m-2").focus()
    expect(ada.page.locator("#m-2").get_by_role("toolbar")).to_be_visible()
    copy = tools(ada).get_by_role("button", name="Copy text")
    expect(copy).to_have_attribute("aria-keyshortcuts", "c")
    ada.page.keyboard.press("ArrowUp")
    expect(ada.page.locator("#m-1").get_by_role("toolbar")).to_be_visible()
    ada.page.keyboard.press("c")
    expect(ada.page.locator("#announcer")).to_contain_text("Copied")
    expect(ada.composer).to_have_value("c")
    assert pasted(ada) == "First"
    ada.page.locator("#m-1").focus()
    ada.page.keyboard.press("Control+c")  # the browser's own
    ada.page.keyboard.press("Enter")
    expect(tools(ada).get_by_role("button").first).to_be_focused()
    ada.page.keyboard.press("ArrowLeft")
    expect(tools(ada).get_by_role("button").last).to_be_focused()
    ada.page.keyboard.press("ArrowDown")
    expect(ada.page.locator("#m-2")).to_be_focused()
    expect(ada.page.locator("#m-2").get_by_role("toolbar")).to_be_visible()
    ada.composer.focus()
    ada.page.mouse.move(0, 0)
    expect(tools(ada)).to_have_count(0)


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_the_tools_cover_no_words_and_move_nothing(
    seeding: Seeding, arrive: Arrive, width: int
) -> None:
    said = [Said(who, LONG) for who in ("Ben", "Ben", "Ada", "Ada")]
    said += [Said("Ben", "Ok"), Said("Ada", "Ok")]
    seeded = seeding.conversation(said=said, owner="Ada")
    ada = arrive("Ada", viewport={"width": width, "height": 900})
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    places = "[...document.querySelectorAll('.message-text')].map(text => text.offsetTop)"
    before = ada.measures(places)
    for message in ada.messages.all():
        message.click(position={"x": 5, "y": 5})
        message.hover()
        row = message.get_by_role("toolbar")
        expect(row).to_be_visible()
        assert not message.evaluate(COVERS, row.element_handle())
        box = row.bounding_box()
        pane = ada.scroller.bounding_box()
        assert box is not None
        assert pane is not None
        assert pane["x"] <= box["x"] <= pane["x"] + pane["width"] - box["width"]
    assert ada.measures(places) == before


@pytest.mark.not_in_firefox("it has the pointer that the machine has, whatever Playwright says")
def test_on_a_phone_a_long_press_opens_a_sheet_of_the_same(
    seeding: Seeding, arrive: Arrive
) -> None:
    said = [Said("Ben", LONG), Said("Ben", "Short"), Said("Ada", LONG), Said("Ada", "Ok")]
    seeded = seeding.conversation(said=said, owner="Ada")
    ada = arrive("Ada", **PHONE)
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    sheet = ada.page.get_by_role("dialog", name="Message actions")
    long_presses(ada, ada.message("Short"))
    expect(sheet).to_be_visible()
    for name in ("👍", "More emoji", "Reply", "Copy text", "Copy link", "Pin", "Delete", "Close"):
        expect(sheet.get_by_role("button", name=name, exact=True)).to_be_visible()
    for row in sheet.get_by_role("button").all():
        fits_a_finger(row)
    # When it was said is told whole, however long the name is.
    about = sheet.locator(".menu-about")
    expect(about.locator("bdi")).to_have_text("Ben")
    assert about.locator("bdi").evaluate("name => name.scrollWidth <= name.clientWidth")
    sheet.locator("bdi").evaluate("name => { name.textContent = 'Benjamin '.repeat(7); }")
    expect(sheet.get_by_text(re.compile(r"\d\d:\d\d$"))).to_be_in_viewport(ratio=1)
    assert sheet.evaluate("sheet => sheet.scrollWidth <= sheet.clientWidth")
    ada.page.go_back()
    expect(sheet).not_to_be_visible()
    # A tap shows that there is more, where it covers nothing.
    for message in ada.messages.all():
        message.locator(".message-text").tap()
        more = message.get_by_role("button", name="Message actions")
        expect(more).to_be_visible()
        fits_a_finger(more)
        assert not message.evaluate(COVERS, more.element_handle())
    ada.messages.last.get_by_role("button", name="Message actions").tap()
    expect(sheet).to_be_visible()
    sheet.get_by_role("button", name="Close").tap()
    expect(sheet).not_to_be_visible()


IN_SIGHT = """id => {
  const box = document.getElementById(id).getBoundingClientRect();
  const sheet = document.querySelector('dialog.sheet[open]');
  if (!sheet || sheet.getAnimations().length) return false;
  const pane = document.getElementById('scroller').getBoundingClientRect();
  const end = sheet.getBoundingClientRect().top;
  if (box.top >= pane.top && box.bottom <= end) return true;
  const isLong = box.height > end - pane.top - 24;
  return isLong && box.top <= pane.top + 12 && box.bottom >= end - 12;
}"""


@pytest.mark.not_in_firefox("only Chromium lets a test press with a finger for as long as it wants")
def test_the_message_that_a_sheet_is_about_stays_in_sight(seeding: Seeding, arrive: Arrive) -> None:
    said = [Said("Ben", "The first"), *(Said("Ben", f"Line {at}") for at in range(20))]
    said += [Said("Cleo", "Long. " * 300), Said("Cleo", "Short"), Said("Ada", "The last")]
    seeded = seeding.conversation(said=said, owner="Ada")
    ada = arrive("Ada", **{**PHONE, "viewport": {"width": 390, "height": 844}})
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    sheet = ada.page.get_by_role("dialog", name="Message actions")
    places = (
        "[...document.querySelectorAll('.message')].map(each => each.getBoundingClientRect().top)"
    )
    for text in ("The last", "Short", "Long. " * 300, "The first"):
        message = ada.message(text)
        message.scroll_into_view_if_needed()
        long_presses(ada, message)
        ada.page.wait_for_function(IN_SIGHT, arg=message.get_attribute("id"))
        sheet.get_by_role("button", name="Close").tap()
        expect(sheet).to_be_hidden()
    # What comes meanwhile does not push it away, nor does the sheet that follows.
    ada.scroller.evaluate("scroller => { scroller.scrollTop = 0; }")
    before = ada.measures(places)
    last = ada.message("The last")
    long_presses(ada, last)
    ada.page.wait_for_function(IN_SIGHT, arg=last.get_attribute("id"))
    assert ada.measures(places) != before
    sheet.get_by_role("button", name="More emoji").tap()
    expect(ada.page.get_by_role("dialog", name="React")).to_be_visible()
    expect(ada.page.get_by_label("Search emoji")).to_be_visible()
    ada.page.wait_for_function(IN_SIGHT, arg=last.get_attribute("id"))
    for at in range(8):
        seeding.say(seeded, "Ben", f"Meanwhile {at}")
    ada.reads("Meanwhile 7")
    ada.page.wait_for_function(IN_SIGHT, arg=last.get_attribute("id"))
    ada.page.go_back()
    ada.page.wait_for_function("() => !document.querySelector('.transcript').style.translate")
    expect(ada.message("Meanwhile 7")).to_be_in_viewport()


@pytest.mark.not_in_firefox("only Chromium lets a test press with a finger for as long as it wants")
def test_lifting_the_finger_that_opened_the_sheet_presses_nothing_in_it(
    seeding: Seeding, arrive: Arrive
) -> None:
    said = [Said("Ben", f"Line {number}") for number in range(30)]
    seeded = seeding.conversation(said=said, owner="Ada")
    ada = arrive("Ada", **PHONE)
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    sheet = ada.page.get_by_role("dialog", name="Message actions")
    # One of them lies under whichever row comes up, and one beside the sheet.
    for text in ("Line 29", "Line 28", "Line 27", "Line 26", "Line 22"):
        long_presses(ada, ada.message(text))
        expect(sheet).to_be_visible()
        sheet.get_by_role("button", name="Close").tap()
        expect(sheet).to_be_hidden()
    expect(ada.page.get_by_role("button", name="Undo")).to_have_count(0)
    expect(ada.page.get_by_role("group", name="What you are replying to")).to_be_hidden()
    # Another finger presses what it meets.
    long_presses(ada, ada.message("Line 29"))
    sheet.get_by_role("button", name="Delete").tap()
    expect(ada.page.get_by_role("button", name="Undo")).to_be_visible()


def pasted(visitor: Visitor) -> str:
    """What was copied: no page of ours may read it by itself."""
    visitor.composer.fill("")
    visitor.composer.press("Control+v")
    return visitor.composer.input_value()


def long_presses(visitor: Visitor, message: Locator) -> None:
    """Until the menu is there."""
    message.scroll_into_view_if_needed()
    message.locator(".message-text").tap()  # whoever sees the menu for the first time loads it
    expect(message.get_by_role("toolbar")).to_be_visible()
    box = message.locator(".message-text").bounding_box()
    assert box is not None
    finger = {"x": box["x"] + 5, "y": box["y"] + 8}
    touches = visitor.context.new_cdp_session(visitor.page)
    touches.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [finger]})
    expect(visitor.page.locator("#message-menu[open]")).to_be_visible()
    touches.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def fits_a_finger(button: Locator) -> None:
    box = button.bounding_box()
    assert box is not None
    assert box["width"] >= 44
    assert box["height"] >= 44
