"""Reporting: what the dialog says and sends, and what the owner then finds."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeding
from tests.browser.test_encrypted_page import starts_encrypted
from tests.browser.visitor import PHONE, Visitor


def dialog(visitor: Visitor) -> Locator:
    return visitor.page.locator("dialog.report")


def test_a_message_is_reported_and_the_owner_finds_it(seeding: Seeding, arrive: Arrive) -> None:
    seeded = seeding.conversation(said=[Said("Ben", "You fools"), Said("Cleo", "Hm")], owner="Ada")
    cleo = arrive("Cleo")
    cleo.has_session(seeded.tokens["Cleo"])
    cleo.opens(seeded.link)
    cleo.is_connected()
    cleo.message("Hm").hover()
    expect(cleo.message("Hm").get_by_role("button", name="Copy text")).to_be_visible()
    expect(cleo.message("Hm").get_by_role("button", name="Report…")).to_have_count(0)
    cleo.message("You fools").hover()
    cleo.message("You fools").get_by_role("button", name="Report…").click()
    expect(dialog(cleo)).to_contain_text("Report a message by Ben")
    expect(dialog(cleo)).to_contain_text("They aren't told who reported it")
    dialog(cleo).get_by_label("Insult or harassment").check()
    dialog(cleo).get_by_label("Anything else?").fill("All day long")
    dialog(cleo).get_by_role("button", name="Report").click()
    expect(dialog(cleo)).to_have_count(0)
    expect(cleo.page.locator(".toast")).to_have_text("Reported. Thank you.")
    ada = arrive("Ada")
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(f"{seeded.link}/manage")
    reports = ada.page.get_by_role("region", name="Reports")
    expect(reports).to_contain_text("You fools")
    expect(reports).to_contain_text("Insult or harassment: All day long")
    reports.get_by_role("button", name="Resolve").click()
    expect(ada.page.get_by_text("The report was resolved.")).to_be_visible()
    expect(ada.page.get_by_text("You fools")).to_have_count(0)


def test_somebody_is_reported_on_a_phone(seeding: Seeding, arrive: Arrive) -> None:
    seeded = seeding.conversation(said=[Said("Ben", "Hello"), Said("Cleo", "Hm")], owner="Ada")
    cleo = arrive("Cleo", **PHONE)
    cleo.has_session(seeded.tokens["Cleo"])
    cleo.opens(seeded.link)
    cleo.is_connected()
    cleo.page.locator("#open-sheet").click()
    cleo.page.get_by_role("link", name="Report someone…").click()
    expect(dialog(cleo)).to_be_visible()
    assert (
        dialog(cleo).get_by_label("Who?").locator("option").all_text_contents().count("Cleo") == 0
    )
    dialog(cleo).get_by_label("Who?").select_option("Ben")
    # Nothing goes out before a reason is chosen.
    dialog(cleo).get_by_role("button", name="Report").click()
    expect(dialog(cleo)).to_be_visible()
    dialog(cleo).get_by_label("Spam").check()
    dialog(cleo).get_by_role("button", name="Report").click()
    expect(dialog(cleo)).to_have_count(0)
    ada = arrive("Ada")
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(f"{seeded.link}/manage")
    expect(ada.page.get_by_role("region", name="Reports")).to_contain_text("Ben as a person")


def test_what_the_server_cannot_read_goes_with_the_report_and_that_is_said(
    ada: Visitor, ben: Visitor
) -> None:
    link = starts_encrypted(ada)
    ben.may_meet("status 403", "console: Failed to load resource")
    ben.opens(link)
    ben.joins()
    ada.says("I know where you live")
    ben.reads("I know where you live")
    ben.message("I know where you live").hover()
    ben.message("I know where you live").get_by_role("button", name="Report…").click()
    expect(dialog(ben)).to_contain_text("This sends the text of this message to the owner")
    dialog(ben).get_by_label("Threat or violence").check()
    dialog(ben).get_by_role("button", name="Report").click()
    expect(dialog(ben)).to_have_count(0)
    ada.opens(link.partition("#")[0] + "/manage")
    reports = ada.page.get_by_role("region", name="Reports")
    expect(reports).to_contain_text("According to someone who reported it, it says:")
    expect(reports).to_contain_text("I know where you live")
