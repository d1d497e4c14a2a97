"""Answering a message: it is quoted, and one goes there and back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeding
from tests.browser.visitor import PHONE, Visitor


def replies_to(visitor: Visitor, text: str) -> None:
    visitor.page.mouse.move(0, 0)
    visitor.message(text).hover()
    visitor.page.get_by_role("toolbar").get_by_role("button", name="Reply").click()
    expect(strip(visitor)).to_be_visible()


def strip(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("group", name="What you are replying to")


def quote(visitor: Visitor, text: str) -> Locator:
    return visitor.message(text).get_by_role("link", name=re.compile("^In reply to"))


def test_an_answer_quotes_and_follows_what_it_answers(ada: Visitor, ben: Visitor) -> None:
    ben.comes(ada.starts())
    ada.says("Tea on Sunday?\nOr coffee?")
    replies_to(ben, "Tea on Sunday? Or coffee?")
    expect(strip(ben)).to_contain_text("Replying to Ada")
    expect(strip(ben)).to_contain_text("Tea on Sunday? Or coffee?")
    ben.says("Tea")
    expect(strip(ben)).to_be_hidden()
    expect(quote(ben, "Tea")).to_have_text("In reply to Ada Tea on Sunday? Or coffee?")
    expect(quote(ada, "Tea")).to_have_text("In reply to You Tea on Sunday? Or coffee?")
    expect(ada.message("Tea")).to_have_class(re.compile("for-you"))

    # A second thought, and none.
    replies_to(ben, "Tea")
    expect(strip(ben)).to_contain_text("Replying to yourself")
    ben.page.keyboard.press("Escape")
    expect(strip(ben)).to_be_hidden()
    ben.says("And cake")
    expect(quote(ben, "And cake")).to_have_count(0)

    # A page that is loaded afresh says the same, and follows what is quoted.
    ben.reloads()
    ben.is_connected()
    expect(quote(ben, "Tea")).to_have_text("In reply to Ada Tea on Sunday? Or coffee?")
    replies_to(ben, "Tea on Sunday? Or coffee?")
    deletes(ada, ada.messages.first)
    for each in (ada, ben):
        expect(quote(each, "Tea")).to_contain_text("Deleted message")
    expect(strip(ben)).to_be_hidden()  # what he was to answer is gone
    ben.says("All the same")
    expect(quote(ben, "All the same")).to_have_count(0)


def deletes(visitor: Visitor, message: Locator) -> None:
    message.page.mouse.move(0, 0)
    message.hover()
    message.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    confirm = visitor.page.get_by_role("dialog").get_by_role("button", name="Delete")
    if confirm.count():
        confirm.click()


def test_an_answer_is_kept_with_the_draft_and_goes_out_when_one_is_online_again(
    ada: Visitor,
) -> None:
    ada.may_meet("ERR_INTERNET_DISCONNECTED", "WebSocket connection")
    link = ada.starts()
    ada.says("Tea?")
    ada.message("Tea?").focus()
    # What is done with messages is loaded when somebody first goes to one.
    expect(ada.message("Tea?").get_by_role("toolbar")).to_be_visible()
    ada.page.keyboard.press("r")
    ada.has_focus_on(ada.composer)
    ada.types("Half a th")
    ada.reloads()
    ada.is_connected()
    expect(strip(ada)).to_contain_text("Replying to yourself")
    expect(ada.composer).to_have_value("Half a th")
    # In another tab, too, once this one is closed.
    ada.page.close()
    ada.page = ada.context.new_page()
    ada.opens(link)
    ada.is_connected()
    expect(ada.composer).to_have_value("Half a th")
    expect(strip(ada)).to_contain_text("Replying to yourself")
    ada.context.set_offline(True)
    ada.sends("A thought")
    pending = ada.page.locator(".message.pending")
    expect(pending.locator(".quote")).to_contain_text("Tea?")
    ada.context.set_offline(False)
    expect(pending).to_have_count(0)
    expect(quote(ada, "A thought")).to_contain_text("Tea?")
    ada.reloads()
    expect(quote(ada, "A thought")).to_contain_text("Tea?")


def test_a_quote_leads_there_and_back(seeding: Seeding, arrive: Arrive) -> None:
    texts = [f"Message {number}" for number in range(1, 106)]
    seeded = seeding.conversation(said=[Said("Ben", text) for text in texts], owner="Ada")
    seeding.answer(seeded, "Ben", "The first", 1)
    ada = arrive("Ada")
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    back = ada.page.get_by_role("button", name="Back to where you were")
    quote(ada, "The first").click()
    expect(ada.message("Message 1")).to_be_focused()
    back.click()
    expect(ada.message("The first")).to_be_focused()
    expect(ada.message("The first")).to_be_in_viewport()
    expect(back).to_be_hidden()
    # By keyboard, too.
    quote(ada, "The first").focus()
    ada.page.keyboard.press("Enter")
    expect(ada.message("Message 1")).to_be_focused()
    ada.page.keyboard.press("Escape")
    expect(ada.message("The first")).to_be_focused()
    # Whoever goes back by themselves needs no way back.
    quote(ada, "The first").click()
    expect(back).to_be_visible()
    ada.to_end.click()
    expect(back).to_be_hidden()


@pytest.mark.not_in_firefox("it has the pointer that the machine has, whatever Playwright says")
def test_on_a_phone_a_message_drawn_to_the_right_is_answered(
    seeding: Seeding, arrive: Arrive
) -> None:
    seeded = seeding.conversation(said=[Said("Ben", "Tea?")], owner="Ada")
    ada = arrive("Ada", **PHONE)
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    ada.message("Tea?").tap()
    expect(ada.message("Tea?").get_by_role("toolbar")).to_be_visible()
    draws(ada, ada.message("Tea?"), right=40)
    draws(ada, ada.message("Tea?"), right=60, down=60)
    expect(strip(ada)).to_be_hidden()
    # A sign says what it comes to, and when it is far enough.
    sign = ada.page.locator(".swipe-sign")
    looks: list[tuple[float, bool]] = []

    def look() -> None:
        expect(sign).to_be_in_viewport(ratio=1)
        shown, name = sign.evaluate("sign => [getComputedStyle(sign).opacity, sign.className]")
        looks.append((float(shown), "enough" in name))

    draws(ada, ada.message("Tea?"), right=50, then=look)
    expect(sign).to_have_count(0)
    expect(strip(ada)).to_be_hidden()
    draws(ada, ada.message("Tea?"), right=80, then=look)
    assert 0.5 < looks[0][0] < 1
    assert looks == [(looks[0][0], False), (1, True)]
    expect(sign).to_have_count(0)
    expect(strip(ada)).to_contain_text("Replying to Ben")
    assert ada.message("Tea?").evaluate("message => message.style.translate") == ""


def draws(
    visitor: Visitor,
    message: Locator,
    *,
    right: int,
    down: int = 0,
    then: Callable[[], None] = lambda: None,
) -> None:
    """With a finger. `then` is what somebody does before they lift it."""
    box = message.bounding_box()
    assert box is not None
    x, y = box["x"] + 60, box["y"] + box["height"] / 2
    touches = visitor.context.new_cdp_session(visitor.page)
    steps = [{"x": x + right * part / 4, "y": y + down * part / 4} for part in range(5)]
    for at, finger in enumerate(steps):
        kind = "touchMove" if at else "touchStart"
        touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [finger]})
    then()
    touches.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_without_javascript_one_answers_by_a_link(arrive: Arrive, seeding: Seeding) -> None:
    seeded = seeding.conversation(said=[Said("Ben", "Tea?")], owner="Ada")
    ada = arrive("Ada", java_script_enabled=False)
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.page.get_by_role("link", name="Reply").click()
    expect(strip(ada)).to_contain_text("Replying to Ben")
    ada.page.get_by_role("link", name="Cancel").click()
    expect(strip(ada)).to_be_hidden()
    ada.page.get_by_role("link", name="Reply").click()
    ada.composer.fill("Yes")
    ada.page.get_by_role("button", name="Send").click()
    expect(quote(ada, "Yes")).to_have_text("In reply to Ben Tea?")
    expect(strip(ada)).to_be_hidden()
    quote(ada, "Yes").click()
    expect(ada.page).to_have_url(re.compile(r"at=1#m-1$"))
