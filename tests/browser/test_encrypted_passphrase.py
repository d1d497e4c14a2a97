"""A passphrase that belongs to the link of an encrypted conversation, from its start on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.axe import grave_faults
from tests.browser.test_encrypted_page import COPIES, ENCRYPTED
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

ALSO = "Also ask for a passphrase"


def chooses_passphrase(who: Visitor) -> None:
    who.context.add_init_script(COPIES)
    who.opens("/")
    expect(who.page.get_by_label(ALSO)).to_have_count(0)
    who.page.get_by_label(ENCRYPTED).check()
    who.page.get_by_label(ALSO).check()


def starts(who: Visitor) -> None:
    who.page.get_by_role("button", name="Start a conversation").click()
    who.page.wait_for_url("**/conversation/*")
    who.joins()


def copied_link(who: Visitor) -> str:
    who.page.locator(".invite copy-link button").click()
    expect(who.page.get_by_text("Copied. Tell the passphrase").first).to_be_visible()
    return str(who.page.evaluate("() => globalThis.copied"))


def is_asked(who: Visitor, link: str) -> None:
    who.may_meet("status 403", "console: Failed to load resource")
    who.opens(link)
    expect(who.page.get_by_label("Passphrase")).to_be_visible()


def answers(who: Visitor, passphrase: str) -> None:
    who.page.get_by_label("Passphrase").fill(passphrase)
    who.page.get_by_role("button", name="Open").click()


def test_a_suggested_passphrase_opens_the_link_and_nothing_else_does(
    ada: Visitor, ben: Visitor
) -> None:
    sent: list[str] = []
    for who in (ada, ben):
        who.context.on("request", lambda asked: sent.append(f"{asked.url} {asked.post_data}"))
    chooses_passphrase(ada)
    field = ada.page.get_by_label("Passphrase", exact=True)
    expect(field).to_have_value(re.compile(r"^([a-z]{3,9} ){4}[a-z]{3,9}$"))
    assert grave_faults(ada.page) == []
    first = field.input_value()
    ada.page.get_by_role("button", name="Suggest another").click()
    expect(field).not_to_have_value(first)
    passphrase = field.input_value()
    stored = ada.page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert passphrase not in stored
    starts(ada)
    ada.says("Hello")
    link = copied_link(ada)
    expect(ada.page.locator("#key-note")).to_contain_text("and the passphrase")
    assert "&p=600000" in link
    is_asked(ben, link)
    answers(ben, first)
    expect(ben.page.locator("#unlock-problem")).to_contain_text("not the passphrase")
    # Its first letter is large and a space follows, as a phone's keyboard likes it.
    answers(ben, passphrase.capitalize())
    expect(ben.page.locator("#unlock-problem")).to_contain_text("not the passphrase")
    answers(ben, f" {passphrase}  ")
    ben.joins()
    ben.reads("Hello")
    for who in (ada, ben):
        who.reloads()
        who.is_connected()
        who.reads_once("Hello")
    assert not any(passphrase in each or first in each for each in sent)


def test_ones_own_passphrase_is_taken_but_none_is_not(ada: Visitor, ben: Visitor) -> None:
    chooses_passphrase(ada)
    field = ada.page.get_by_label("Passphrase", exact=True)
    expect(field).to_have_value(re.compile("."))
    field.fill("  ")
    ada.page.get_by_role("button", name="Start a conversation").click()
    expect(ada.page.get_by_role("alert")).to_contain_text("Enter a passphrase")
    field.fill("Ärger im  Kanu ")
    starts(ada)
    ada.says("Hello")
    is_asked(ben, copied_link(ada))
    answers(ben, "Ärger im Kanu")
    ben.joins()
    ben.reads("Hello")


@pytest.mark.parametrize("written", ["&amp;", "%26"])
def test_a_link_that_a_messenger_wrote_anew_still_asks(
    ada: Visitor, ben: Visitor, written: str
) -> None:
    chooses_passphrase(ada)
    passphrase = ada.page.get_by_label("Passphrase", exact=True)
    expect(passphrase).to_have_value(re.compile("."))
    said = passphrase.input_value()
    starts(ada)
    ada.says("Hello")
    link = copied_link(ada)
    before, _, fragment = link.partition("#")
    cut = f"{before}#{fragment.partition('&')[0]}"
    ben.may_meet("status 403", "console: Failed to load resource")
    ben.opens(cut)
    expect(ben.page.locator("#unlock-problem")).to_contain_text("the end of the link is missing")
    is_asked(ben, f"{before}#{fragment.replace('&', written)}")
    answers(ben, said)
    ben.joins()
    ben.reads("Hello")
    ben.opens(f"{before}#{fragment.replace('&', written)}")  # again, with the key at hand
    ben.reads_once("Hello")


def test_without_the_words_people_think_of_one_themselves(ada: Visitor) -> None:
    def fails(route: Route) -> None:
        route.abort()

    ada.may_meet("failed: GET", "console: Failed to load resource")
    ada.context.route(re.compile(r"/words[^/]*\.js$"), fails)
    chooses_passphrase(ada)
    field = ada.page.get_by_label("Passphrase", exact=True)
    expect(field).to_have_value("")
    field.fill("four words of mine")
    starts(ada)
    ada.says("Hello")
    assert "&p=600000" in copied_link(ada)


def test_who_goes_back_finds_the_choice_but_not_the_passphrase(ada: Visitor) -> None:
    chooses_passphrase(ada)
    ada.page.get_by_label("Passphrase", exact=True).fill("secret words of mine")
    ada.page.get_by_label("What is it about?").fill("Tea")
    ada.reloads()
    expect(ada.page.get_by_label("What is it about?")).to_have_value("Tea")
    expect(ada.page.get_by_label(ENCRYPTED)).to_be_checked()
    expect(ada.page.get_by_label(ALSO)).not_to_be_checked()
    ada.page.get_by_label(ENCRYPTED).uncheck()
    expect(ada.page.get_by_label(ALSO)).to_be_hidden()
