"""A conversation of more people than a state holds: the first are shown, the others on request."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from parley.contract import PEOPLE_IN_STATE
from tests.browser.conftest import Arrive
from tests.browser.seeding import Seeded, Seeding
from tests.browser.visitor import Visitor

MORE = 12
PEOPLE = PEOPLE_IN_STATE + MORE
SLOW_MS = 20_000


@pytest.fixture(scope="module")
def crowd(seeding: Seeding) -> Seeded:
    """Guest 1 to Guest 111, and Olga, who owns it and came last."""
    seeded = seeding.conversation("A crowd")
    seeding.join_many(seeded, [f"Guest {number}" for number in range(1, PEOPLE)])
    seeding.join_many(seeded, ["Olga"], seeded.tokens["owner"])
    return seeded


def counts(visitor: Visitor, people: int, shown: int) -> None:
    expect(visitor.page.locator("#people-count")).to_have_text(str(people), timeout=SLOW_MS)
    expect(visitor.people).to_have_count(shown, timeout=SLOW_MS)


def test_the_page_shows_the_first_and_all_on_request(arrive: Arrive, crowd: Seeded) -> None:
    ben, cleo = arrive("Ben"), arrive("Cleo")
    ben.opens(crowd.link)
    ben.is_connected()
    counts(ben, PEOPLE, PEOPLE_IN_STATE)
    expect(ben.people.filter(has_text="Olga")).to_contain_text("owner")
    expect(ben.page.get_by_text(f"and {MORE} more", exact=True)).to_be_visible()
    ben.joins()
    counts(ben, PEOPLE + 1, PEOPLE_IN_STATE)
    expect(ben.people.first).to_have_text(re.compile(r"Ben\s+you"))

    ben.page.get_by_role("button", name="Show more").click()
    counts(ben, PEOPLE + 1, PEOPLE + 1)
    expect(ben.page.get_by_role("button", name="Show more")).to_be_hidden()
    expect(ben.page.locator("#people-more")).to_be_hidden()

    # Who comes and goes beyond the first is told of all the same.
    cleo.comes(crowd.link)
    expect(cleo.people.first).to_have_text(re.compile(r"Cleo\s+you"))
    counts(ben, PEOPLE + 2, PEOPLE + 2)
    cleo.goes_home()
    counts(ben, PEOPLE + 1, PEOPLE + 1)


def test_somebody_is_found_among_many_by_their_name(arrive: Arrive, crowd: Seeded) -> None:
    ben, dora = arrive("Ben"), arrive("Dora")
    ben.comes(crowd.link)
    field = ben.page.get_by_role("searchbox", name="Find someone by name")
    field.fill("guest 11")  # of whom Guest 11 is among the first, the others not
    expect(ben.people).to_have_text(
        [re.compile(f"Guest {number}\\b") for number in (11, 110, 111)], timeout=SLOW_MS
    )
    expect(ben.page.locator("#announcer")).to_contain_text("3 people found.", timeout=SLOW_MS)
    expect(ben.page.get_by_role("button", name="Show more")).to_be_hidden()

    field.fill("dora")
    expect(ben.people).to_have_count(0)
    expect(ben.page.get_by_text("No one here has a name like that.")).not_to_have_count(0)
    dora.comes(crowd.link)
    expect(ben.people).to_have_text([re.compile("Dora")], timeout=SLOW_MS)
    dora.goes_home()
    expect(ben.people).to_have_count(0, timeout=SLOW_MS)

    field.fill("")
    expect(ben.people).to_have_count(PEOPLE_IN_STATE)
    expect(ben.page.get_by_role("button", name="Show more")).to_be_visible()


def test_a_few_people_need_no_search(arrive: Arrive, seeding: Seeding) -> None:
    ben = arrive("Ben")
    ben.comes(seeding.conversation("A few").link)
    expect(ben.people).not_to_have_count(0)
    expect(ben.page.locator("#find-person")).to_be_hidden()


def test_without_javascript_the_page_says_how_many_more(arrive: Arrive, crowd: Seeded) -> None:
    cleo = arrive("Cleo", java_script_enabled=False)
    cleo.opens(crowd.link)
    expect(cleo.people).to_have_count(PEOPLE_IN_STATE)
    expect(cleo.page.get_by_text(re.compile(r"^and \d+ more$"))).to_be_visible()
    expect(cleo.page.get_by_role("button", name="Show more")).to_be_hidden()


def test_an_owner_finds_somebody_among_many_and_removes_them(arrive: Arrive, crowd: Seeded) -> None:
    olga = arrive("Olga")
    olga.has_session(crowd.tokens["owner"])
    olga.opens(f"{crowd.link}/manage")
    rows = olga.page.get_by_role("region", name="People").get_by_role("listitem")
    expect(rows.filter(has_text="Guest 105")).to_have_count(0)
    olga.page.get_by_role("link", name="Show more people").click()
    expect(rows.filter(has_text="Guest 105")).to_have_count(1)
    olga.page.get_by_label("Find someone by name").fill("guest 107")
    olga.page.get_by_role("button", name="Find").click()
    expect(rows).to_have_count(1)
    rows.get_by_role("button", name="Remove").click()
    expect(olga.page.get_by_text("Guest 107 was removed.")).to_be_in_viewport()
    expect(olga.page.get_by_label("Find someone by name")).to_have_value("guest 107")
    expect(olga.page.get_by_text("No one here has a name like that.")).to_be_visible()
