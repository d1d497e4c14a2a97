"""What was written goes out, once, whatever happens to the line, the page or the server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Arrive
from tests.browser.line import Line
from tests.browser.visitor import SLOW_MS, Visitor
from tests.servers import process

UNCONFIRMED = ".message:is(.pending, .failed)"
# Where a browser keeps no database: some private windows.
WITHOUT_DATABASE = "Object.defineProperty(window, 'indexedDB', {value: undefined})"
WITH_REFUSED_DATABASE = "indexedDB.open = () => { throw new DOMException('no', 'SecurityError'); }"


def stored(link: str) -> list[str]:
    """What the server has, oldest first."""
    reply = requests.get(link.replace("/conversation/", "/api/conversations/"), timeout=30)
    return [message["message"] for message in reply.json()["conversation"]["messages"]]


def everything_is_out(page: Page, texts: list[str]) -> None:
    expect(page.locator(".message-text")).to_have_text(texts, timeout=SLOW_MS)
    expect(page.locator(UNCONFIRMED)).to_have_count(0, timeout=SLOW_MS)


def test_what_was_written_while_cut_off_survives_a_reload(ada: Visitor, ben: Visitor) -> None:
    ada.may_meet("WebSocket", "socket.io")
    line = Line(ada.page)
    link = ada.starts()
    ben.comes(link)
    line.cut()
    ada.has_badge("Reconnecting")
    ada.sends("One")
    ada.sends("Two")

    ada.reloads()
    expect(ada.page.locator(".pending .message-text")).to_have_text(["One", "Two"])
    ada.has_badge("Reconnecting")
    ada.sends("Three")
    line.mend()
    ada.is_connected()

    everything_is_out(ada.page, ["One", "Two", "Three"])
    ben.reads("Three")
    ada.reloads()
    ada.is_connected()
    everything_is_out(ada.page, ["One", "Two", "Three"])
    assert stored(link) == ["One", "Two", "Three"]


def test_what_was_written_while_the_server_was_down_survives_a_closed_tab(
    arrive: Arrive, tmp_path: Path
) -> None:
    with process(tmp_path, "--port", "0") as before:
        ada = arrive("Ada", url=before.url)
        ada.may_meet("ERR_CONNECTION_REFUSED", "WebSocket connection", "socket.io")
        link = ada.starts()
        before.stop()
    ada.has_badge("Reconnecting")
    ada.sends("Last words")
    ada.page.close()

    with process(tmp_path, "--port", str(before.port)):
        tab = ada.context.new_page()
        tab.goto(link)
        everything_is_out(tab, ["Last words"])
        assert stored(link) == ["Last words"]
        ada.goes_home()


def test_a_message_whose_acknowledgement_is_lost_is_stored_once(ada: Visitor, ben: Visitor) -> None:
    line = Line(ada.page)
    link = ada.starts()
    ben.comes(link)
    line.lose_answers("send_message")
    line.lose("new_message", "room_position")
    ada.sends("Did you get this?")
    ben.reads("Did you get this?")
    expect(ada.message("Did you get this?")).to_have_class(re.compile("pending"))
    line.keep("send_message")

    everything_is_out(ada.page, ["Did you get this?"])
    assert line.count("send_message") == 1  # the state on a new line tells that it is there
    ben.reads_once("Did you get this?")
    assert stored(link) == ["Did you get this?"]


def test_what_the_end_overtook_is_told_apart_from_what_was_stored(
    ada: Visitor, ben: Visitor
) -> None:
    ben.may_meet("WebSocket", "socket.io")
    line = Line(ben.page)
    link = ada.starts()
    ben.comes(link)
    line.lose_answers("send_message")
    line.lose("new_message")
    ben.sends("In time")
    ada.reads("In time")
    line.cut()
    ben.has_badge("Reconnecting")
    ben.sends("Too late")
    requests.post(
        link.replace("/conversation/", "/api/conversations/") + "/end",
        headers={"Authorization": f"Bearer {ada.session()}"},
        timeout=30,
    ).raise_for_status()
    line.keep()
    line.mend()

    expect(ben.page.locator("#ended")).to_be_visible(timeout=SLOW_MS)
    expect(ben.page.locator(".pending")).to_have_count(0, timeout=SLOW_MS)
    expect(ben.page.locator(".mine .message-text")).to_have_text(["In time", "Too late"])
    failed = ben.page.locator(".failed")
    expect(failed).to_contain_text("Not sent.")
    expect(failed.get_by_role("button")).to_have_text(["Discard"])
    assert stored(link) == ["In time"]


def test_a_busy_server_is_asked_again_and_the_page_says_so(ada: Visitor) -> None:
    # By chance it may ask so often at first that it then waits half a minute.
    ada.page.add_init_script("Math.random = () => 0.5")
    line = Line(ada.page)
    link = ada.starts()
    line.refuse("The server is busy.", code="unavailable")
    ada.sends("Take your time")
    waiting = ada.message("Take your time")
    expect(waiting).to_contain_text("The server is busy. Trying again…", timeout=SLOW_MS)
    expect(waiting).to_have_class(re.compile("pending"))
    line.accept()

    everything_is_out(ada.page, ["Take your time"])
    assert stored(link) == ["Take your time"]


def test_what_one_tab_could_not_send_another_does_and_both_know(ada: Visitor, ben: Visitor) -> None:
    ada.may_meet("WebSocket", "socket.io")
    line = Line(ada.page)
    link = ada.starts()
    ben.comes(link)
    line.cut()
    ada.has_badge("Reconnecting")
    ada.sends("From either")

    tab = ada.opens_another_tab()
    everything_is_out(tab, ["From either"])
    everything_is_out(ada.page, ["From either"])
    line.mend()
    ada.is_connected()
    everything_is_out(ada.page, ["From either"])
    ben.reads_once("From either")
    assert stored(link) == ["From either"]


def test_what_a_closed_tab_could_not_send_one_that_stayed_open_does(ada: Visitor) -> None:
    ada.may_meet("WebSocket", "socket.io", "ERR_INTERNET_DISCONNECTED")
    link = ada.starts()
    tab = ada.opens_another_tab()
    ada.context.set_offline(True)
    ada.has_badge("Offline")
    ada.sends("From the one that closes")
    expect(ada.page.locator(".pending")).to_have_count(1)
    ada.page.close()
    ada.context.set_offline(False)
    everything_is_out(tab, ["From the one that closes"])
    assert stored(link) == ["From the one that closes"]


def test_two_tabs_that_hold_the_same_message_store_it_once(ada: Visitor, ben: Visitor) -> None:
    ada.may_meet("WebSocket", "socket.io")
    first = Line(ada.page)
    link = ada.starts()
    ben.comes(link)
    first.cut()
    ada.has_badge("Reconnecting")
    ada.sends("Once")
    tab = ada.context.new_page()
    second = Line(tab)
    second.cut()
    tab.goto(link)
    expect(tab.locator(".pending")).to_have_count(1)
    for line in (first, second):
        line.mend()

    for page in (ada.page, tab):
        everything_is_out(page, ["Once"])
    ben.reads_once("Once")
    assert stored(link) == ["Once"]


def test_what_somebody_else_left_in_this_browser_stays_theirs(ada: Visitor) -> None:
    ada.may_meet("WebSocket", "socket.io")
    line = Line(ada.page)
    link = ada.starts()
    line.cut()
    ada.has_badge("Reconnecting")
    ada.sends("For my eyes")
    cookies = ada.context.cookies()
    ada.context.clear_cookies()
    ada.opens(link)
    line.mend()
    ada.joins("Guest")
    ada.says("Hello")
    assert ada.texts() == stored(link) == ["Hello"]

    ada.context.add_cookies(cookies)  # type: ignore[arg-type] # as they were given out
    ada.reloads()
    everything_is_out(ada.page, ["Hello", "For my eyes"])


def replaced(link: str, owner: Visitor) -> str:
    """The new link."""
    reply = requests.post(
        link.replace("/conversation/", "/api/conversations/") + "/link",
        headers={"Authorization": f"Bearer {owner.session()}"},
        timeout=30,
    )
    reply.raise_for_status()
    return f"{link.rsplit('/', 1)[0]}/{reply.json()['room_id']}"


@pytest.mark.parametrize(
    "by",
    [
        "the new link",
        pytest.param("the old link", marks=pytest.mark.long("the new one tells most")),
    ],
)
def test_what_was_written_is_there_when_the_link_was_replaced(
    ada: Visitor, ben: Visitor, by: str
) -> None:
    ben.may_meet("WebSocket", "socket.io")
    line = Line(ben.page)
    link = ada.starts()
    ben.comes(link)
    line.cut()
    ben.has_badge("Reconnecting")
    ben.sends("Not out yet")
    ben.types("Half a thought")
    ben.page.close()
    new = replaced(link, ada)

    tab = ben.context.new_page()
    tab.goto(link if by == "the old link" else new)
    everything_is_out(tab, ["Not out yet"])
    expect(tab.get_by_role("textbox", name="Message", exact=True)).to_have_value("Half a thought")
    assert stored(new) == ["Not out yet"]
    ada.reads_once("Not out yet")


def test_a_page_that_stays_open_keeps_what_was_written_over_a_replaced_link(
    ada: Visitor, ben: Visitor
) -> None:
    link = ada.starts()
    ben.comes(link)
    ben.types("Half a thought")
    new = replaced(link, ada)
    ben.page.wait_for_url(new)
    ben.types(", and more")
    ben.reloads()
    ben.is_connected()
    expect(ben.composer).to_have_value("Half a thought, and more")


# As pages kept it that knew a conversation by its link.
KEPT_BY_LINK = """async roomId => {
  localStorage.setItem(`parley:draft:${roomId}`, "Half a thought");
  const request = indexedDB.open("parley", 1);
  await new Promise((resolve) => (request.onsuccess = resolve));
  const { userId } = document.querySelector("#conversation").dataset;
  const entry = {
    clientId: "c1", userId, text: "Not out yet", at: new Date().toISOString(), order: 1,
    status: "pending", error: "", roomId,
  };
  const put = request.result.transaction("outbox", "readwrite").objectStore("outbox").put(entry);
  await new Promise((resolve) => (put.onsuccess = resolve));
}"""


@pytest.mark.parametrize(
    "replacements", [2, pytest.param(0, marks=pytest.mark.long("after two it is harder to find"))]
)
def test_what_earlier_pages_kept_by_the_link_is_found(
    ada: Visitor, ben: Visitor, replacements: int
) -> None:
    link = new = ada.starts()
    ben.comes(link)
    ben.reloads()
    ben.is_connected()
    ben.page.evaluate(KEPT_BY_LINK, link.rsplit("/", 1)[1])
    ben.page.close()
    for _ in range(replacements):
        new = replaced(new, ada)

    tab = ben.context.new_page()
    tab.goto(new)
    everything_is_out(tab, ["Not out yet"])
    expect(tab.get_by_role("textbox", name="Message", exact=True)).to_have_value("Half a thought")
    tab.reload()
    expect(tab.locator("#badge-text")).to_have_text("Connected")
    expect(tab.get_by_role("textbox", name="Message", exact=True)).to_have_value("Half a thought")
    assert stored(new) == ["Not out yet"]


def test_without_a_database_the_outbox_lasts_as_long_as_the_page(arrive: Arrive) -> None:
    for without in (WITHOUT_DATABASE, WITH_REFUSED_DATABASE):
        ada = arrive("Ada")
        ada.page.add_init_script(without)
        ada.may_meet("ERR_INTERNET_DISCONNECTED", "WebSocket connection")
        link = ada.starts()
        ada.context.set_offline(True)
        ada.has_badge("Offline")
        ada.sends("Still here")
        ada.context.set_offline(False)

        everything_is_out(ada.page, ["Still here"])
        assert stored(link) == ["Still here"]


def test_a_discarded_message_does_not_come_back(ada: Visitor) -> None:
    line = Line(ada.page)
    link = ada.starts()
    line.refuse("You may not write here.")
    ada.sends("Better not")
    ada.reloads()
    expect(ada.message("Better not")).to_contain_text("Not sent. You may not write here.")
    ada.page.get_by_role("button", name="Discard").click()
    expect(ada.messages).to_have_count(0)
    line.accept()
    ada.reloads()
    ada.is_connected()
    ada.says("Something else")

    assert ada.texts() == stored(link) == ["Something else"]
