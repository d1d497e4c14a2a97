"""However long a text and whatever is piled on its letters: what is around it can be read."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from parley.contract import MESSAGE_MAX_CHARS
from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeding
from tests.browser.visitor import PHONE, Visitor

BREAKS = "top" + "\n" * 4_000 + "bottom"
WALL = "word " * (MESSAGE_MAX_CHARS // 5)
LINKED = "first\n" * 30 + "https://example.org/far-below"
SCREEN_PX = 640
PILED = "Z" + "\u0301" * 50 + "Z" + "\u0323" * 50
NAME = "N" + "\u0301" * 50
HEIGHTS = (
    "[...document.querySelectorAll('.message')].map(one => one.getBoundingClientRect().height)"
)
TOP_OF = "selector => document.querySelector(selector).getBoundingClientRect().top"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_long_messages_are_folded_and_can_be_unfolded(
    arrive: Arrive, seeding: Seeding, scripts: bool
) -> None:
    said = [Said("Ben", BREAKS), Said("Ben", "Twenty lines" + "\n-" * 19), Said("Ben", WALL)]
    talk = seeding.conversation(said=said, description="\n".join(["about"] * 60), owner="Ada")
    cleo = arrive("Cleo", java_script_enabled=scripts, **PHONE)
    cleo.opens(talk.link)
    if scripts:
        cleo.is_connected()
        seeding.say(talk, "Ben", f"{BREAKS} live")
        expect(cleo.messages).to_have_count(4)
    assert max(cleo.measures(HEIGHTS)) < SCREEN_PX
    folds = cleo.page.locator(".fold:visible")
    expect(folds).to_have_count(4 if scripts else 3)

    more = cleo.page.locator("#m-3").get_by_text("Show more")
    more.scroll_into_view_if_needed()
    before = cleo.measures(TOP_OF, "#m-3 .message-text")
    cleo.taps(more)
    expect(cleo.page.locator("#m-3 .fold[open]")).to_be_attached()
    assert cleo.measures(HEIGHTS)[2] > SCREEN_PX
    assert abs(cleo.measures(TOP_OF, "#m-3 .message-text") - before) <= 1
    cleo.taps(cleo.page.locator("#m-3").get_by_text("Show less"))
    expect(cleo.page.locator("#m-3 .fold:not([open])")).to_be_attached()
    assert cleo.measures(HEIGHTS)[2] < SCREEN_PX
    if scripts:
        expect(more).to_be_in_viewport()
    cleo.page.emulate_media(media="print")
    assert cleo.measures(HEIGHTS)[2] > SCREEN_PX


def test_what_the_focus_or_a_search_leads_to_is_unfolded(cleo: Visitor, seeding: Seeding) -> None:
    talk = seeding.conversation(said=[Said("Ben", LINKED), Said("Ben", f"{WALL[:7000]} needle")])
    cleo.opens(talk.link)
    cleo.is_connected()
    link = cleo.page.get_by_role("link", name="https://example.org/far-below")
    link.focus()
    expect(cleo.page.locator("#m-1 .fold[open]")).to_be_attached()
    expect(link).to_be_in_viewport()
    # As a search does: select it, and scroll to it.
    cleo.measures(
        """() => {
          const text = document.querySelector("#m-2 .message-text");
          text.scrollTop = text.scrollHeight;
        }"""
    )
    expect(cleo.page.locator("#m-2 .fold[open]")).to_be_attached()
    expect(cleo.page.locator("#m-2 .fold")).to_be_in_viewport()


def test_a_long_message_of_ones_own_is_folded_and_unfolds_nothing_when_deleted(
    ada: Visitor,
) -> None:
    ada.starts()
    ada.says("Before it")
    ada.pastes("line\n" * 40)
    ada.composer.press("Enter")
    own = ada.page.locator("#m-2")
    expect(own.get_by_text("Show more")).to_be_visible()
    own.hover()
    own.get_by_role("button", name="Delete").click()
    ada.reads("Deleted. Undo")
    expect(own.locator(".fold")).to_have_count(0)
    own.get_by_role("button", name="Undo").click()
    expect(own.get_by_text("Show more")).to_be_visible()


@pytest.mark.not_in_firefox("its pictures need a style that the page's policy forbids")
def test_marks_piled_on_a_letter_paint_over_no_neighbour(arrive: Arrive, seeding: Seeding) -> None:
    said = [
        Said("Ben", "Above it"),
        Said("Ben", f"{PILED}{PILED}"),
        Said("Ben", "Below it"),
        Said(NAME, "By somebody with such a name"),
    ]
    cleo = arrive("Cleo")
    cleo.opens(seeding.conversation("Marks", said).link)
    cleo.is_connected()
    people = cleo.page.locator("#people .person")
    expect(people).to_have_count(2)
    # Their words alone: the edge of a round mark is not drawn the same twice.
    words = [cleo.page.locator(f"{message} .message-text") for message in ("#m-1", "#m-3")]
    neighbours = [*words, people.filter(has_text="Ben").locator(".person-name")]
    with_marks = [neighbour.screenshot() for neighbour in neighbours]
    cleo.measures(
        """() => {
          for (const one of document.querySelectorAll("#m-2, .person")) {
            if (one.id || !one.textContent.includes("Ben")) one.style.visibility = "hidden";
          }
        }"""
    )
    assert [neighbour.screenshot() for neighbour in neighbours] == with_marks


LONG_NAME = "Maximiliane-Alexandra von Hohenlohe-Schillingsfuerst the Younger"


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_a_long_name_is_whole_among_people_and_leaves_the_time_beside_it(
    arrive: Arrive, seeding: Seeding, width: int
) -> None:
    talk = seeding.conversation("Tea", [Said(LONG_NAME, "Milk?"), Said("Ben", "Lemon")])
    cleo = arrive("Cleo", viewport={"width": width, "height": 700})
    cleo.opens(talk.link)
    cleo.is_connected()
    head = cleo.messages.first.locator(".message-head")
    author, time = head.locator(".message-author"), head.locator(".message-time")
    tops = [each.evaluate("each => each.getBoundingClientRect().bottom") for each in (author, time)]
    assert abs(tops[0] - tops[1]) < 8
    is_cut = "author => author.scrollWidth > author.clientWidth"
    assert cleo.messages.last.locator(".message-author").evaluate(is_cut) is False
    if width < 761:
        cleo.page.get_by_role("button", name="People").click()
    name = cleo.page.locator(".person-name", has_text=LONG_NAME).filter(visible=True)
    expect(name).to_be_visible()
    # What wraps as part of a line has a box for each piece, and only the first of them is drawn.
    assert name.evaluate("name => name.getClientRects().length") == 1
