"""Where lines are few, or one is dead and looks alive, what somebody writes goes out at once."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from tests import effort
from tests.browser.conftest import Arrive
from tests.browser.line import Line
from tests.browser.test_outbox import everything_is_out, stored
from tests.browser.test_reading import SET_VISIBILITY
from tests.browser.visitor import SLOW_MS, Visitor

QUICK_S = 8.0
"""On a busy machine; without care it takes twice that, or most of a minute."""
NO_WEBSOCKETS = """window.WebSocket = class {
  constructor() { setTimeout(() => { this.onerror?.(new Event("error")); this.onclose?.({}); }); }
  send() {}
  close() {}
};"""
TABS = 8
"""Browsers open six connections to a host."""


def test_a_send_on_a_line_that_died_in_silence_goes_out_on_a_new_one(
    ada: Visitor, ben: Visitor
) -> None:
    line = Line(ada.page)
    link = ada.starts()
    ben.comes(link)
    ada.says("One")
    line.swallow()
    ada.sends("Two")
    ada.sends("Three")
    ben.reads("Three")
    everything_is_out(ada.page, ["One", "Two", "Three"])
    ada.is_connected()
    ben.says("Four")
    ada.reads("Four")
    assert stored(link) == ["One", "Two", "Three", "Four"]


def test_a_send_that_arrived_without_an_answer_is_stored_once_and_tried_on_one_new_line(
    ada: Visitor, ben: Visitor
) -> None:
    line = Line(ada.page)
    link = ada.starts()
    ben.comes(link)
    line.lose_answers("send_message")
    line.lose("new_message", "room_position")
    opened = line.opened
    ada.sends("Once")
    ben.reads("Once")
    everything_is_out(ada.page, ["Once"])  # by the state that comes with the new line
    line.keep()
    ada.says("And on")
    assert stored(link) == ["Once", "And on"]
    assert line.opened == opened + 1


def without_websockets(visitor: Visitor) -> None:
    """As behind a proxy that passes none on."""
    visitor.context.add_init_script(NO_WEBSOCKETS)


def is_live(page: Page) -> None:
    expect(page.locator("#badge-text")).to_have_text("Connected", timeout=SLOW_MS)


def sees(page: Page, text: str) -> None:
    expect(page.locator(".message-text", has_text=text)).to_be_visible()


def opens_tabs(visitor: Visitor, count: int) -> list[Page]:
    """One after the other: each is shown, then hidden behind the next."""
    tabs = [visitor.page]
    while len(tabs) < count:
        tabs[-1].evaluate(SET_VISIBILITY, "hidden")
        tabs.append(visitor.opens_another_tab())
        is_live(tabs[-1])
    return tabs


def test_the_eighth_tab_that_polls_is_live_and_sends_at_once(arrive: Arrive, ada: Visitor) -> None:
    link = ada.starts()
    ben = arrive("Ben")
    without_websockets(ben)
    ben.comes(link)
    tabs = opens_tabs(ben, TABS)
    expect(tabs[0].locator("#badge-text")).to_have_text("Connecting")  # it rests
    began = time.monotonic()
    tabs[-1].get_by_role("textbox", name="Message", exact=True).fill("From the eighth")
    tabs[-1].keyboard.press("Enter")
    ada.reads("From the eighth")
    assert time.monotonic() - began < QUICK_S

    tabs[-1].evaluate(SET_VISIBILITY, "hidden")
    tabs[0].evaluate(SET_VISIBILITY, "visible")
    is_live(tabs[0])
    sees(tabs[0], "From the eighth")  # what it missed
    ada.says("To the first")
    sees(tabs[0], "To the first")


@pytest.mark.parametrize("polls", [True, False], ids=["few that poll", "more with WebSockets"])
def test_hidden_tabs_stay_live_where_there_is_room(
    arrive: Arrive, ada: Visitor, *, polls: bool
) -> None:
    link = ada.starts()
    ben = arrive("Ben")
    if polls:
        without_websockets(ben)
    ben.comes(link)
    tabs = opens_tabs(ben, 3 if polls else effort.times(4, full=TABS))
    ada.says("To all of you")
    for tab in tabs:
        sees(tab, "To all of you")
