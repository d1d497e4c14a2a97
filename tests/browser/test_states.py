"""Every state has a text and a way on: empty, ended, not found, not yours."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.seeding import Said, Seeding
from tests.browser.visitor import Visitor

EMPTY = "No messages yet. Share the link to invite people."
EMPTY_FOR_GUESTS = "No messages yet. Enter your name and say hello."
EMPTY_FOR_MEMBERS = "No messages yet. Say hello."
ENDED = "This conversation has ended. You can still read it."


def test_an_empty_conversation_says_what_to_do(ada: Visitor, ben: Visitor) -> None:
    link = ada.starts_nameless()
    empty = ada.page.locator("#empty")
    expect(empty).to_contain_text(EMPTY)
    expect(empty.get_by_role("button", name="Copy link")).to_be_visible()

    # A guest has nobody to send it to.
    ben.opens(link)
    for_ben = ben.page.locator("#empty")
    expect(for_ben).to_have_text(EMPTY_FOR_GUESTS, use_inner_text=True)
    ben.joins()
    expect(for_ben).to_have_text(EMPTY_FOR_MEMBERS, use_inner_text=True)
    ben.reloads()
    ben.is_connected()
    expect(for_ben).to_have_text(EMPTY_FOR_MEMBERS, use_inner_text=True)

    ada.joins()
    ada.says("Now there is something")
    expect(empty).not_to_be_visible()
    expect(for_ben).not_to_be_visible()


def test_ending_is_asked_once_and_tells_everyone(ada: Visitor, ben: Visitor, cleo: Visitor) -> None:
    link = ada.starts()
    ben.comes(link)
    cleo.opens(link)
    cleo.is_connected()
    ada.says("That was all.")
    dialog = ada.page.get_by_role("dialog", name="End this conversation?")

    ada.page.get_by_role("link", name="End conversation").click()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).not_to_be_visible()
    ada.says("Not yet.")

    ada.page.get_by_role("link", name="End conversation").click()
    dialog.get_by_role("button", name="End conversation").click()
    for visitor in (ada, ben, cleo):
        expect(visitor.page.get_by_text(ENDED)).to_be_visible()
        expect(visitor.page.get_by_role("link", name="Start a new one")).to_be_visible()
        expect(visitor.composer).not_to_be_visible()
        expect(visitor.name_field).not_to_be_visible()
    expect(ada.page.get_by_role("link", name="End conversation")).to_have_count(0)

    cleo.reloads()
    expect(cleo.page.get_by_text(ENDED)).to_be_visible()
    cleo.reads("That was all.")


def test_what_was_half_written_at_the_end_can_still_be_copied(ada: Visitor, ben: Visitor) -> None:
    ben.comes(ada.starts())
    ben.types("I was about to say")
    ada.page.get_by_role("link", name="End conversation").click()
    ada.page.get_by_role("dialog").get_by_role("button", name="End conversation").click()
    expect(ben.page.get_by_text(ENDED)).to_be_visible()
    expect(ben.composer).to_have_value("I was about to say")
    expect(ben.composer).not_to_be_editable()
    expect(ben.page.get_by_role("button", name="Send")).not_to_be_visible()
    ben.reloads()
    expect(ben.page.get_by_text(ENDED)).to_be_visible()
    expect(ben.composer).to_have_value("I was about to say")
    expect(ben.composer).not_to_be_editable()
    expect(ben.page.get_by_text("Not sent. You can still copy it.")).to_be_visible()


def test_only_the_owner_is_offered_to_end(ada: Visitor, ben: Visitor) -> None:
    link = ada.starts()
    ben.comes(link)

    expect(ada.page.get_by_role("link", name="End conversation")).to_be_visible()
    expect(ben.page.get_by_text("End conversation")).to_have_count(0)
    ben.may_meet("403")
    ben.opens(f"{link}/end")
    expect(ben.page.get_by_role("heading", name="Not allowed")).to_be_visible()


def test_an_unknown_conversation_or_page_is_told_kindly(cleo: Visitor) -> None:
    cleo.may_meet("404")
    cleo.opens("/nowhere")
    expect(cleo.page.get_by_role("heading", name="Nothing here")).to_be_visible()
    cleo.opens("/conversation/nowhere")
    expect(cleo.page.get_by_role("heading", name="No conversation here")).to_be_visible()
    cleo.page.get_by_role("link", name="Start a conversation").click()
    expect(cleo.page.get_by_role("heading", name="Talk by link.")).to_be_visible()


def test_the_list_shows_finds_and_says_when_there_is_nothing(
    seeding: Seeding, ada: Visitor, cleo: Visitor
) -> None:
    seeding.conversation("A secret garden")
    ada.starts_by_hand("Räksmörgås for lunch", listed=True)
    cleo.opens("/conversations")
    expect(cleo.page.get_by_role("link", name="Räksmörgås for lunch")).to_be_visible()
    cleo.does_not_see("A secret garden")

    search = cleo.page.get_by_placeholder("Search by title")
    search.fill("RÄKSMÖRGÅS")
    search.press("Enter")
    expect(cleo.page.get_by_role("link", name="Räksmörgås for lunch")).to_be_visible()

    search.fill("no such thing")
    search.press("Enter")
    expect(cleo.page.get_by_text("No titles match “no such thing”.")).to_be_visible()
    cleo.page.get_by_role("link", name="Show all").click()
    cleo.page.get_by_role("link", name="Räksmörgås for lunch").click()
    expect(cleo.page.get_by_role("heading", name="Räksmörgås for lunch")).to_be_visible()


def test_a_name_that_is_too_long_is_told_at_the_field(seeding: Seeding, ben: Visitor) -> None:
    ben.may_meet("413", "400")
    ben.opens(seeding.conversation(said=[Said("Ada", "hi")]).link)
    ben.page.evaluate("document.querySelector('#username').removeAttribute('maxlength')")
    ben.name_field.fill("B" * 65)
    ben.name_field.press("Enter")

    expect(ben.page.locator("#join-problem")).to_contain_text("64")
    ben.has_focus_on(ben.name_field)
    ben.joins("Ben")
