"""What was half written on the first page is there again; what was sent is not."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor

LONG = "x" * 201


def test_a_half_written_title_outlasts_going_away_and_coming_back(ada: Visitor) -> None:
    ada.opens("/")
    ada.page.get_by_label("What is it about?").press_sequentially("Tea on Sun")
    ada.page.get_by_text("Add a description").click()
    ada.page.get_by_label("Description", exact=True).fill("Bring\na cake")
    ada.page.get_by_label("Show in the public list").check()
    ada.page.get_by_role("link", name="Conversations").click()
    expect(ada.page.get_by_label("What is it about?")).to_have_value("")
    ada.page.go_back()
    expect(ada.page.get_by_label("What is it about?")).to_have_value("Tea on Sun")
    expect(ada.page.get_by_label("Description", exact=True)).to_have_value("Bring\na cake")
    expect(ada.page.get_by_label("Description", exact=True)).to_be_visible()
    expect(ada.page.get_by_label("Show in the public list")).to_be_checked()

    ada.page.get_by_role("button", name="Start a conversation").click()
    ada.page.wait_for_url("**/conversation/*")
    ada.is_connected()  # so its script has run, and has forgotten what was sent
    ada.page.go_back()
    expect(ada.page.get_by_label("What is it about?")).to_have_value("")
    expect(ada.page.get_by_label("Description", exact=True)).to_have_value("")
    expect(ada.page.get_by_label("Show in the public list")).not_to_be_checked()


def test_nothing_is_kept_for_another_tab_and_the_servers_answer_stands(ada: Visitor) -> None:
    ada.may_meet("413")
    ada.opens("/")
    ada.page.get_by_label("What is it about?").fill("Tea")
    tab = ada.opens_another_tab()
    expect(tab.get_by_label("What is it about?")).to_have_value("")
    tab.close()
    ada.measures("document.querySelector('#title').removeAttribute('maxlength')")
    ada.page.get_by_label("What is it about?").fill(LONG)
    ada.page.get_by_role("button", name="Start a conversation").click()
    expect(ada.page.get_by_role("alert")).to_contain_text("too long")
    expect(ada.page.get_by_label("What is it about?")).to_have_value(LONG)


@pytest.mark.not_in_firefox("its page for what it cannot reach has no address of its own")
def test_what_was_sent_and_never_arrived_is_still_there(ada: Visitor) -> None:
    ada.may_meet("ERR_INTERNET_DISCONNECTED")
    ada.opens("/")
    ada.page.get_by_label("What is it about?").fill("Tea on Sunday")
    ada.context.set_offline(True)
    ada.page.get_by_role("button", name="Start a conversation").click()
    ada.page.wait_for_url("chrome-error://**")
    ada.context.set_offline(False)
    ada.page.go_back()
    expect(ada.page.get_by_label("What is it about?")).to_have_value("Tea on Sunday")
