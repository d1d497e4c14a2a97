"""What owners decide by accounts, and invitations by contact links, as people see them."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.test_mail import is_for_everyone
from tests.browser.visitor import PHONE, Visitor

WHY = "Only people with an account can post here."


def gets_account(visitor: Visitor) -> None:
    """With codes, on the page they are at."""
    visitor.page.get_by_role("button", name="Use recovery codes").click()
    visitor.page.get_by_role("link", name="I've saved them").click()


def link_of(visitor: Visitor) -> str:
    """A contact link of theirs."""
    visitor.opens("/account")
    gets_account(visitor)
    visitor.page.get_by_role("button", name="Create a contact link").click()
    return visitor.page.get_by_role("textbox", name="Your contact link").input_value()


def test_a_guest_is_told_at_once_and_comes_back_with_an_account(arrive: Arrive) -> None:
    ada, ben, cleo = arrive("Ada"), arrive("Ben", **PHONE), arrive("Cleo")
    link = ada.starts("Tea")
    ben.comes(link)
    cleo.opens(link)
    ada.decides(link, accounts_only=True)
    for who in (ben, cleo):
        expect(who.page.get_by_text(WHY)).to_be_visible()
    expect(ben.composer).to_be_hidden()
    expect(
        ben.page.get_by_text("Only people with an account can post now", exact=True)
    ).to_be_visible()
    ada.says("Owners can")
    ben.reads("Owners can")
    is_for_everyone(ben)
    ben.page.get_by_role("link", name="Sign in or get one").click()
    gets_account(ben)
    ben.page.wait_for_url(link)
    ben.is_connected()
    ben.says("So can I now")
    ada.reads("So can I now")
    ada.decides(link, accounts_only=False)
    expect(cleo.page.get_by_text(WHY)).to_be_hidden()
    ada.decides(link, read_only=True)
    expect(ben.page.get_by_text("Only the owner can post right now.")).to_be_visible()
    expect(ben.page.get_by_text(WHY)).to_be_hidden()


def test_an_invitation_comes_to_an_open_page_and_is_accepted(arrive: Arrive) -> None:
    ada, ben = arrive("Ada"), arrive("Ben", **PHONE)
    contact = link_of(ben)
    ben.opens("/conversations")
    expect(ben.page.get_by_text("You aren't in any conversation yet.")).to_be_visible()
    for title in ("Lake", "Cave"):
        ada.opens(f"{ada.starts(title)}/manage")
        ada.page.get_by_label("Their contact link").fill(contact)
        ada.page.get_by_role("button", name="Invite", exact=True).click()
        expect(ada.page.get_by_text("Sent, if that link is valid.")).to_be_visible()
        expect(ben.page.get_by_text(f"Ada invites you to {title}")).to_be_visible()
    is_for_everyone(ben)
    rows = ben.page.get_by_role("region", name="Invitations").get_by_role("listitem")
    rows.filter(has_text="Cave").get_by_role("button", name="Decline").click()
    expect(rows).to_have_count(1)
    rows.get_by_role("button", name="Accept").click()
    ben.joins()
    ben.says("Thank you")


def test_owners_and_founders_are_made_in_manage(arrive: Arrive) -> None:
    ada, ben = arrive("Ada"), arrive("Ben")
    link = ada.starts("Tea")
    ben.comes(link)
    for role, words in (("owner", "an owner"), ("founder", "a founder")):
        ada.opens(f"{link}/manage")
        row = ada.page.get_by_role("listitem").filter(has_text="Ben")
        row.get_by_text("Role", exact=True).click()
        row.get_by_role("button", name=f"Make {role}").click()
        expect(ada.page.get_by_role("heading", name=f"Make Ben {words}?")).to_be_visible()
        ada.page.get_by_role("button", name=f"Make {role}").click()
        expect(ada.page.get_by_text(f"Ben is {words} now.")).to_be_visible()
    assert grave_faults(ada.page) == []
    # His page came anew with what owners have on it.
    ben.page.get_by_role("link", name="Manage").click()
    row = ben.page.get_by_role("listitem").filter(has_text="Ben")
    expect(row.first).to_contain_text("founder")
