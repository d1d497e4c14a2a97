"""People in browsers of their own, talking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.line import Line
from tests.browser.visitor import SLOW_MS, Visitor
from tests.servers import Process, process

# Counts a text's messages at every change of the page, for what stands there only for a moment.
MOST_AT_ONCE = """text => {
  const count = () => [...document.querySelectorAll("#items .message-text")]
    .filter(element => element.textContent === text).length;
  window.mostAtOnce = count();
  new MutationObserver(() => { window.mostAtOnce = Math.max(window.mostAtOnce, count()); })
    .observe(document.querySelector("#items"), {childList: true, subtree: true});
}"""


@pytest.fixture(scope="module")
def hasty_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A server where whoever goes away is gone after half a second, not ten."""
    data = tmp_path_factory.mktemp("hasty")
    with process(data, "--port", "0", "--leave-grace-s", "0.5") as started:
        yield started


def test_people_talk_by_link(ada: Visitor, ben: Visitor, cleo: Visitor) -> None:
    link = ada.starts_by_hand("Tea on Sunday")
    ada.joins()
    ben.opens(link)
    ben.joins("Ben")
    cleo.opens(link)
    cleo.is_connected()

    ada.says("Who brings the cake?")
    ben.reads("Who brings the cake?")
    ben.says("I do.")
    ada.reads("I do.")
    cleo.reads("I do.")

    assert ada.texts() == ben.texts() == cleo.texts() == ["Who brings the cake?", "I do."]
    expect(cleo.name_field).to_be_visible()
    expect(cleo.composer).not_to_be_visible()


def test_a_reload_brings_you_back_as_yourself_without_a_ghost(ada: Visitor, ben: Visitor) -> None:
    ben.comes(link := ada.starts())
    ada.says("Before")
    expect(ben.people).to_have_count(2)

    ada.reloads()
    ada.is_connected()
    ada.says("After")
    ben.reads("After")

    assert ada.page.url == link
    expect(ada.page.locator(".message.mine")).to_have_count(2)
    expect(ada.people).to_have_text([re.compile(r"Ada\s+you, owner"), re.compile("Ben")])
    expect(ben.people).to_have_count(2)
    expect(ben.notices).to_have_count(0)


def test_a_name_is_remembered_for_the_next_conversation(ada: Visitor) -> None:
    ada.starts_by_hand("First")
    ada.joins("Ada Lovelace")
    ada.starts_by_hand("Second")

    expect(ada.name_field).to_have_value("Ada Lovelace")


def test_two_tabs_are_one_participant(arrive: Arrive, hasty_site: Process) -> None:
    ada, ben = arrive("Ada", url=hasty_site.url), arrive("Ben", url=hasty_site.url)
    ben.comes(ada.starts())
    tab = ada.opens_another_tab()
    expect(tab.locator("#badge-text")).to_have_text("Connected")
    expect(ben.people).to_have_count(2)

    ada.says("From the first")
    expect(tab.locator(".message.mine")).to_have_count(1)
    tab.close()
    ben.says("Still there?")
    ada.says("Still here")

    expect(ben.people).to_have_count(2)
    expect(ben.notices).to_have_count(0)
    expect(ada.page.locator(".message.mine")).to_have_count(2)


def test_joins_and_leaves_are_one_quiet_line(arrive: Arrive, hasty_site: Process) -> None:
    ada, ben, cleo = (arrive(name, url=hasty_site.url) for name in ("Ada", "Ben", "Cleo"))
    link = ada.starts()

    ben.comes_by_hand(link)
    expect(ada.notices).to_have_text(["Ben joined"])
    cleo.comes_by_hand(link)
    expect(ada.notices).to_have_text(["Ben and Cleo joined"])
    ben.page.close()
    expect(ada.notices).to_have_text(["Cleo joined · Ben left"])
    expect(ada.people).to_have_count(2)


def test_enter_sends_what_is_not_empty_and_shift_enter_breaks_the_line(ada: Visitor) -> None:
    ada.starts()
    ada.sends("   ")
    ada.composer.fill("")
    low = ada.measures("document.querySelector('#message').offsetHeight")

    ada.types("one")
    ada.composer.press("Shift+Enter")
    ada.types("two")
    assert ada.measures("document.querySelector('#message').offsetHeight") > low
    expect(ada.messages).to_have_count(0)
    ada.composer.press("Enter")

    ada.reads_once("one two")
    assert ada.texts() == ["one\ntwo"]
    expect(ada.composer).to_have_value("")
    assert ada.measures("document.querySelector('#message').offsetHeight") == low


def test_white_space_that_means_something_is_sent(ada: Visitor, ben: Visitor) -> None:
    ben.comes(ada.starts())
    texts = ["\tQ1\tQ2\nSales\t10\t12\t", "    if x:\n        return  ", "\u3000Once upon a time"]
    for text in texts:
        ada.pastes(f"\n \n{text}\n\n")
        ada.composer.press("Enter")
        for visitor in (ada, ben):
            visitor.reads_once(text)
    for page in (ada.page, ben.page):
        assert page.locator(".message-text").all_text_contents() == texts
    ben.reloads()
    assert ben.page.locator(".message-text").all_text_contents() == texts


def test_what_is_too_long_is_not_taken_in_or_sent_and_nothing_is_lost(ada: Visitor) -> None:
    ada.starts()
    ada.types("Before ")
    for piece in ("some words and more ", "a line\n", "x"):
        ada.pastes(piece * (1_000_000 // len(piece)))
        expect(ada.page.locator("#composer-limit")).to_contain_text("Too long to add.")
        expect(ada.composer).to_have_value("Before ")
    ada.pastes("x" * 10_000)
    expect(ada.page.locator("#composer-limit")).to_have_text("2007 characters too long")
    ada.sends("x" * 8_001)
    expect(ada.page.locator("#composer-limit")).to_have_text("1 character too long")
    expect(ada.messages).to_have_count(0)
    expect(ada.composer).to_have_value("x" * 8_001)
    ada.composer.press("ControlOrMeta+A")
    ada.pastes("y" * 31_000)
    ada.composer.press("ControlOrMeta+A")
    ada.pastes("And after")
    ada.composer.press("Enter")
    ada.reads_once("And after")


@pytest.mark.not_in_firefox("only Chromium lets a test write with an input method")
def test_enter_while_composing_with_an_input_method_never_sends(ada: Visitor) -> None:
    ada.starts()
    ada.composer.focus()
    keyboard = ada.context.new_cdp_session(ada.page)

    keyboard.send("Input.imeSetComposition", {"text": "に", "selectionStart": 1, "selectionEnd": 1})
    ada.page.keyboard.press("Enter")
    expect(ada.composer).to_have_value(re.compile("に"))
    expect(ada.messages).to_have_count(0)

    keyboard.send("Input.insertText", {"text": "日本"})
    ada.page.keyboard.press("Enter")
    expect(ada.messages).to_have_count(1)
    assert "日本" in ada.texts()[0]


def test_a_message_is_pending_until_the_server_has_it_and_never_there_twice(
    ada: Visitor, ben: Visitor
) -> None:
    line = Line(ada.page)
    link = ada.starts()
    ben.comes(link)
    ada.measures(MOST_AT_ONCE, "Slowly")
    line.hold("send_message")

    ada.composer.fill("Slowly")
    shown_after_ms = ada.measures("""() => {
      const from = performance.now();
      document.querySelector("#composer").requestSubmit();
      return document.querySelector(".message.pending") ? performance.now() - from : Infinity;
    }""")
    assert shown_after_ms < 50
    expect(ada.message("Slowly")).to_have_class(re.compile("pending"))
    ada.page.evaluate("document.querySelector('.message.pending').dataset.marked = 'yes'")
    expect(ben.messages).to_have_count(0)

    line.release()
    expect(ada.message("Slowly")).not_to_have_class(re.compile("pending"))
    ben.reads_once("Slowly")
    # Confirmed in place: still the very element.
    expect(ada.message("Slowly")).to_have_attribute("data-marked", "yes")
    assert ada.measures("window.mostAtOnce") == 1


def test_a_message_that_failed_says_why_and_is_edited_discarded_or_sent_again(
    ada: Visitor, ben: Visitor
) -> None:
    line = Line(ada.page)
    ben.comes(ada.starts())
    line.refuse("You may not write here.")
    ada.sends("Spelt wrogn")
    expect(ada.message("Spelt wrogn")).to_contain_text("Not sent. You may not write here.")
    ada.page.get_by_role("button", name="Edit").click()
    expect(ada.messages).to_have_count(0)
    expect(ada.composer).to_have_value("Spelt wrogn")
    ada.has_focus_on(ada.composer)

    ada.sends("Never mind")
    ada.page.get_by_role("button", name="Discard").click()
    expect(ada.messages).to_have_count(0)
    ada.has_focus_on(ada.composer)

    ada.sends("Again and again")
    expect(ada.message("Again and again")).to_have_class(re.compile("failed"))
    line.accept()
    ada.page.get_by_role("button", name="Retry").click()
    expect(ada.message("Again and again")).not_to_have_class(re.compile("pending|failed"))
    ben.reads_once("Again and again")
    ada.says("Spelt right")
    assert ada.texts() == ["Again and again", "Spelt right"]


def test_a_draft_survives_a_reload_and_is_its_conversations_own(ada: Visitor) -> None:
    link = ada.starts("First")
    ada.types("Half a thou")
    ada.reloads()
    expect(ada.composer).to_have_value("Half a thou")

    ada.starts("Second")
    expect(ada.composer).to_have_value("")

    ada.opens(link)
    ada.composer.press("End")
    ada.types("ght")
    ada.composer.press("Enter")
    ada.reads_once("Half a thought")
    ada.reloads()
    expect(ada.composer).to_have_value("")


def test_two_tabs_have_a_draft_each(ada: Visitor) -> None:
    ada.starts()
    ada.types("From the first")
    tab = ada.opens_another_tab()
    second = tab.get_by_role("textbox", name="Message", exact=True)
    expect(tab.locator("#badge-text")).to_have_text("Connected")
    expect(second).to_have_value("")
    second.press_sequentially("From the second")

    ada.composer.press("Enter")
    ada.reads_once("From the first")
    expect(second).to_have_value("From the second")
    ada.types("Still at it")
    second.press("Enter")
    ada.reads_once("From the second")
    tab.reload()
    expect(tab.locator("#badge-text")).to_have_text("Connected")
    expect(second).to_have_value("")
    ada.reloads()
    expect(ada.composer).to_have_value("Still at it")


def test_what_a_closed_tab_left_half_written_the_next_one_has(ada: Visitor) -> None:
    ada.starts()
    tab = ada.opens_another_tab()
    half = tab.get_by_role("textbox", name="Message", exact=True)
    half.press_sequentially("Half a thought")
    tab.close()

    third = ada.opens_another_tab()
    fresh = third.get_by_role("textbox", name="Message", exact=True)
    expect(fresh).to_have_value("Half a thought")
    fresh.press("Enter")
    ada.reads_once("Half a thought")
    ada.reloads()
    ada.is_connected()
    expect(ada.composer).to_have_value("")


def test_a_duplicated_tab_has_a_draft_of_its_own(ada: Visitor) -> None:
    ada.starts()
    ada.types("Only here")
    with ada.context.expect_page() as opened:
        # As "Duplicate" does: the new tab begins with what this one has in its session storage.
        ada.page.evaluate("() => { open(location.href); }")
    copy = opened.value
    field = copy.get_by_role("textbox", name="Message", exact=True)
    expect(copy.locator("#badge-text")).to_have_text("Connected")
    field.press_sequentially("Only there")
    field.press("Enter")
    ada.reads_once("Only there")
    ada.reloads()
    expect(ada.composer).to_have_value("Only here")


def test_typing_is_told_rarely_ends_with_the_message_and_is_believed_for_five_seconds(
    ada: Visitor, ben: Visitor
) -> None:
    line = Line(ada.page)
    ben.page.clock.install()
    ben.comes(ada.starts())
    typing = ben.page.locator("#typing")
    ada.types("Well, let me think")
    expect(typing).to_have_text("Ada is typing")
    assert line.count("typing", is_typing=True) == 1
    ada.composer.press("Enter")
    ben.reads("Well, let me think")
    expect(typing).to_have_text("")

    ada.types("And")
    expect(typing).to_have_text("Ada is typing")
    ben.page.clock.fast_forward(5_100)
    expect(typing).to_have_text("")


def test_many_who_type_are_counted(arrive: Arrive, ada: Visitor, ben: Visitor) -> None:
    cleo, dora = arrive("Cleo"), arrive("Dora")
    link = ada.starts()
    typing = ada.page.locator("#typing")
    words = ("Ben is typing", "Ben and Cleo are typing", "3 people are typing")
    for visitor in (ben, cleo, dora):
        visitor.comes(link)
    for visitor, shown in zip((ben, cleo, dora), words, strict=True):
        visitor.types("m")
        expect(typing).to_have_text(shown)


def test_new_messages_of_others_are_announced_once_and_own_ones_not(
    ada: Visitor, ben: Visitor
) -> None:
    ben.comes(ada.starts())
    ben.says("Good morning")
    ada.says("Good morning, Ben")
    ben.reads("Good morning, Ben")

    expect(ada.page.locator("#announcer")).to_have_text("Ben: Good morning")
    expect(ben.page.locator("#announcer")).to_have_text("Ada: Good morning, Ben")


def test_a_restart_loses_nothing_and_doubles_nothing(arrive: Arrive, tmp_path: Path) -> None:
    with process(tmp_path, "--port", "0") as before:
        ada, ben = arrive("Ada", url=before.url), arrive("Ben", url=before.url)
        for visitor in (ada, ben):
            visitor.may_meet("ERR_CONNECTION_REFUSED", "WebSocket connection", "socket.io")
        ben.comes(ada.starts())
        ada.says("Before the restart")
        before.stop()
    for visitor in (ada, ben):
        visitor.has_badge("Reconnecting")
    expect(ada.page.locator("#strip-text")).to_contain_text(
        re.compile(r"Reconnecting.* Messages will send when you reconnect\.")
    )
    ada.sends("Written meanwhile")
    expect(ada.message("Written meanwhile")).to_have_class(re.compile("pending"))

    with process(tmp_path, "--port", str(before.port)):
        for visitor in (ada, ben):
            visitor.is_connected()
        expect(ben.message("Written meanwhile")).to_be_visible(timeout=SLOW_MS)
        ben.says("After the restart")
        ada.reads("After the restart")
        expected = ["Before the restart", "Written meanwhile", "After the restart"]
        assert ada.texts() == ben.texts() == expected
        expect(ada.page.locator(".pending, .failed")).to_have_count(0)
        expect(ben.people).to_have_count(2)
        ben.reloads()
        ben.is_connected()
        assert ben.texts() == expected
        for visitor in (ada, ben):
            visitor.goes_home()


def test_who_is_offline_by_the_browsers_word_can_try_all_the_same(ada: Visitor) -> None:
    """Where only the machine itself can be reached, some say so although the server is there."""
    ada.context.add_init_script("Object.defineProperty(navigator, 'onLine', {value: false})")
    line = Line(ada.page)
    ada.starts()
    line.cut()
    ada.has_badge("Offline")
    ada.page.get_by_role("button", name="Try now").click()
    ada.has_badge("Offline")
    line.mend()
    ada.is_connected()
    ada.says("Here all the time")


def test_whoever_is_offline_can_write_and_it_goes_out_later(ada: Visitor, ben: Visitor) -> None:
    ada.may_meet("ERR_INTERNET_DISCONNECTED", "WebSocket connection")
    ben.comes(ada.starts())

    ada.context.set_offline(True)
    ada.has_badge("Offline")
    expect(ada.page.locator("#strip")).to_contain_text(
        "You're offline. Messages will send when you reconnect."
    )
    ada.sends("One")
    ada.sends("Two")
    expect(ada.page.locator(".pending")).to_have_count(2)
    ben.says("Where is Ada?")
    expect(ada.message("Where is Ada?")).to_have_count(0)

    ada.context.set_offline(False)
    ada.is_connected()
    ben.reads("Two")
    ada.reads("Where is Ada?")
    assert ada.texts() == ben.texts() == ["Where is Ada?", "One", "Two"]
    expect(ben.notices).to_have_count(0)
