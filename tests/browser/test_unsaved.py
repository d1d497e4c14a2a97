"""What an owner has changed on their page and not saved outlasts whatever else they do there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Arrive
from tests.browser.seeding import Seeding
from tests.browser.visitor import Visitor

NO_SCRIPTS = {"java_script_enabled": False}


def manages(ada: Visitor, link: str) -> None:
    ada.opens(f"{link.split('#')[0]}/manage")


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def saves(page: Page, name: str) -> None:
    section(page, name).get_by_role("button", name="Save").click()
    expect(section(page, name).get_by_role("status")).to_have_text("Saved.")


def is_unsaved(page: Page, *names: str) -> None:
    """These sections say so, and no other."""
    expect(page.get_by_text("Not saved yet").filter(visible=True)).to_have_count(len(names))
    for name in names:
        expect(section(page, name).get_by_text("Not saved yet")).to_be_visible()


def test_what_is_not_saved_in_one_form_outlasts_saving_another(ada: Visitor) -> None:
    link = ada.owns("Tea")
    manages(ada, link)
    page = ada.page
    is_unsaved(page)
    page.get_by_label("Title", exact=True).fill("Tea on Sunday")
    page.get_by_label("Description", exact=True).fill("Bring\na cake")
    page.get_by_label("Knock first").check()
    page.get_by_role("textbox", name="Passphrase").fill("open sesame")
    is_unsaved(page, "About", "Access and posting")

    saves(page, "About")
    expect(page.get_by_label("Knock first")).to_be_checked()
    expect(page.get_by_role("textbox", name="Passphrase")).to_have_value("open sesame")
    is_unsaved(page, "Access and posting")

    # And the other way round, and while a link is made.
    page.get_by_label("Title", exact=True).fill("Tea on Monday")
    saves(page, "Access and posting")
    expect(page.get_by_label("Title", exact=True)).to_have_value("Tea on Monday")
    expect(page.get_by_role("textbox", name="Passphrase")).to_have_value("")
    is_unsaved(page, "About")
    page.get_by_text("Create a link for someone").click()
    page.get_by_label("Who is it for?").fill("Ben")
    page.get_by_label("Expires").select_option("after 1 day")
    page.get_by_role("button", name="Create a link").click()
    expect(page.get_by_role("heading", name="New link")).to_be_visible()
    manages(ada, link)
    expect(page.get_by_label("Title", exact=True)).to_have_value("Tea on Monday")
    expect(page.get_by_label("Who is it for?")).to_have_value("")
    is_unsaved(page, "About")
    saves(page, "About")
    is_unsaved(page)
    manages(ada, link)
    is_unsaved(page)
    expect(page.get_by_label("Title", exact=True)).to_have_value("Tea on Monday")


def test_what_is_not_saved_outlasts_a_refusal_a_question_and_another_link(ada: Visitor) -> None:
    ada.may_meet("413")
    link = ada.owns("Tea")
    manages(ada, link)
    page = ada.page
    page.get_by_label("Locked").check()
    ada.measures("document.querySelector('#title').removeAttribute('maxlength')")
    page.get_by_label("Title", exact=True).fill("x" * 201)
    section(page, "About").get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("too long")
    expect(page.get_by_label("Locked")).to_be_checked()

    # What was refused is not saved either.
    page.get_by_label("Keep messages").select_option("7 days")
    page.get_by_role("button", name="Change").click()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_label("Title", exact=True)).to_have_value("x" * 201)
    expect(page.get_by_label("Locked")).to_be_checked()
    expect(page.get_by_label("Keep messages")).to_have_value("7")
    is_unsaved(page, "About", "Access and posting", "Danger zone")

    page.get_by_role("link", name="Replace link").click()
    page.get_by_role("button", name="Replace the link").click()
    expect(page.get_by_text("The link was replaced.")).to_be_visible()
    expect(page.get_by_label("Locked")).to_be_checked()
    # Of another conversation, nothing is filled in.
    manages(ada, ada.owns("Coffee"))
    expect(page.get_by_label("Title", exact=True)).to_have_value("Coffee")
    is_unsaved(page)


def test_a_passphrase_that_was_not_sent_is_stored_nowhere(ada: Visitor) -> None:
    link = ada.owns("Tea")
    manages(ada, link)
    ada.page.get_by_role("textbox", name="Passphrase").fill("open sesame")
    ada.page.get_by_label("Title", exact=True).fill("Coffee")
    manages(ada, link)
    expect(ada.page.get_by_label("Title", exact=True)).to_have_value("Coffee")
    expect(ada.page.get_by_role("textbox", name="Passphrase")).to_have_value("")
    ada.page.get_by_role("textbox", name="Passphrase").fill("open sesame")
    saves(ada.page, "About")
    expect(ada.page.get_by_role("textbox", name="Passphrase")).to_have_value("open sesame")
    assert "sesame" not in str(ada.measures("JSON.stringify(sessionStorage)"))


@pytest.mark.parametrize("options", [NO_SCRIPTS], ids=["without scripts"])
def test_without_scripts_nothing_says_that_it_is_not_saved(
    arrive: Arrive, options: dict[str, bool]
) -> None:
    dan = arrive("Dan", **options)
    manages(dan, dan.owns("Tea"))
    is_unsaved(dan.page)


def test_one_thing_to_do_is_amber(ada: Visitor, seeding: Seeding) -> None:
    """The button of the form that has changes; where none has, the door of who knocked first."""
    seeded = seeding.conversation("Tea", owner="Ada")
    seeding.decide(seeded, {"knock": True})
    for name in ("Kay", "Kim"):
        seeding.knock(seeded, name)
    ada.has_session(seeded.tokens["Ada"])
    manages(ada, seeded.link)
    page = ada.page
    are_amber(page, "Let in")
    title = page.get_by_label("Title", exact=True)
    title.fill("Tea on Sunday")
    are_amber(page, "Save")
    expect(section(page, "About").locator(".primary")).to_have_text("Save")
    page.get_by_role("textbox", name="Passphrase").fill("open sesame")
    title.fill("Tea")
    are_amber(page, "Save")
    expect(section(page, "Access and posting").locator(".primary")).to_have_text("Save")
    saves(page, "Access and posting")
    are_amber(page, "Let in")
    section(page, "Waiting to join").get_by_role("button", name="Decline").first.click()
    section(page, "Waiting to join").get_by_role("button", name="Decline").click()
    are_amber(page)


def are_amber(page: Page, *words: str) -> None:
    """These buttons are, in the order of the page, and no other."""
    page.wait_for_function(
        """words => {
          if (!document.body) return false; // the next page is on its way
          const probe = document.body.appendChild(document.createElement("i"));
          probe.style.background = "var(--amber)";
          const amber = getComputedStyle(probe).backgroundColor;
          probe.remove();
          const found = [...document.querySelectorAll("main .button")].filter(
            button => getComputedStyle(button).backgroundColor === amber);
          return JSON.stringify(found.map(button => button.textContent.trim()))
            === JSON.stringify(words);
        }""",
        arg=list(words),
    )
