"""Finding messages: over a conversation and on the pages of a search, by key and by touch."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeded, Seeding
from tests.browser.visitor import PHONE, Visitor

HOSTILE = '<img src=x onerror="document.title = 1"> & <b>meringue</b>'
LINES = 400
EVERY = 10
"""As often somebody speaks of cake."""
FAR_BACK = 7
CAKES = LINES // EVERY
A_PAGE = 20
SEARCH = re.compile(r"/api/conversations/[\w-]+/search\?")


@pytest.fixture(scope="module")
def talk(seeding: Seeding) -> Seeded:
    """Long, with one word that stands far back in it."""
    now = datetime.now(UTC)

    def text(number: int) -> str:
        if number == FAR_BACK:
            return "Nobody expects a unicorn here"
        return f"{'Cake' if number % EVERY == 0 else 'Tea'} for number {number}"

    said = [
        Said(
            ("Ada", "Ben", "Cleo")[number % 3],
            text(number),
            now - timedelta(minutes=LINES - number),
        )
        for number in range(1, LINES + 1)
    ]
    return seeding.conversation("A long tea", said, owner="Ada")


@pytest.fixture(scope="module")
def oddities(seeding: Seeding) -> Seeded:
    said = [
        Said("Ada", HOSTILE),
        Said("Byron Bay", "A **bold** word, and a\nline of verse"),
        Said("Ada", "Straßenbahnhaltestelle"),
        Said("Byron Bay", "権利を有する"),
        Said("Ada", "\n".join(f"Verse {number}" for number in range(1, 120)) + "\nThe end"),
    ]
    return seeding.conversation("Odd <i>things</i>", said)


def field(page: Page) -> Locator:
    """That of the dialog, or of the page of a search."""
    return page.get_by_role("combobox", name=re.compile("^Search "))


def walking(page: Page) -> Locator:
    """The bar that goes from hit to hit."""
    return page.locator(".walk")


def rows(page: Page) -> Locator:
    return page.locator(".found-row")


def opens_search(visitor: Visitor) -> Locator:
    visitor.page.keyboard.press("Control+k")
    expect(field(visitor.page)).to_be_focused()
    return field(visitor.page)


def finds(visitor: Visitor, typed: str, results: str) -> None:
    opens_search(visitor).fill(typed)
    expect(visitor.page.locator(".found-status")).to_have_text(results)


def shows(visitor: Visitor, text: str) -> None:
    """It is marked as the one that was gone to, and in sight."""
    message = visitor.message(text)
    expect(message).to_have_class(re.compile(r"\blinked\b"))
    expect(message).to_be_in_viewport()


def marked(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "[...(CSS.highlights.get('found') ?? [])].map(range => range.toString())"
    )
    return found


# --- in a conversation ---


def test_a_result_opens_its_message_wherever_it_is_and_what_stands_around_it(
    ben: Visitor, talk: Seeded
) -> None:
    ben.comes(talk.link)
    expect(ben.message("Nobody expects a unicorn here")).to_have_count(0)
    finds(ben, "unicorn", "1 result")
    expect(rows(ben.page).locator("mark")).to_have_text(["unicorn"])
    ben.page.keyboard.press("Enter")
    shows(ben, "Nobody expects a unicorn here")
    expect(ben.message(f"Tea for number {FAR_BACK + 1}")).to_be_in_viewport()
    expect(ben.page.locator("dialog.searching")).to_be_hidden()
    expect(walking(ben.page)).to_contain_text("1 of 1")
    ben.page.wait_for_function("CSS.highlights.get('found')?.size === 1")
    assert marked(ben.page) == ["unicorn"]
    # And back to where one was, at the end.
    ben.page.keyboard.press("Escape")
    expect(ben.message(f"Cake for number {LINES}")).to_be_in_viewport()
    expect(walking(ben.page)).to_be_hidden()
    ben.page.wait_for_function("!CSS.highlights.has('found')")


def test_whoever_was_writing_goes_on_writing(ben: Visitor, talk: Seeded) -> None:
    ben.comes(talk.link)
    ben.types("I was about to")
    opens_search(ben).fill("unicorn")
    ben.page.keyboard.press("Enter")
    shows(ben, "Nobody expects a unicorn here")
    ben.page.keyboard.press("Escape")
    expect(walking(ben.page)).to_be_hidden()
    ben.has_focus_on(ben.composer)
    expect(ben.composer).to_have_value("I was about to")


def test_keys_go_from_hit_to_hit_as_far_as_there_are_any(ben: Visitor, talk: Seeded) -> None:
    ben.comes(talk.link)
    opens_search(ben).fill("cake")
    ben.page.keyboard.press("Enter")
    bar = walking(ben.page)
    expect(bar).to_contain_text(f"1 of {A_PAGE}+")
    shows(ben, f"Cake for number {LINES}")
    expect(bar.get_by_role("textbox")).to_be_focused()
    for number in range(1, A_PAGE + 1):
        ben.page.keyboard.press("Enter")
        shows(ben, f"Cake for number {LINES - number * EVERY}")
        expect(bar.get_by_role("textbox")).to_be_focused()
    expect(bar).to_contain_text(f"{A_PAGE + 1} of {CAKES}")
    ben.page.keyboard.press("Shift+Enter")
    shows(ben, f"Cake for number {LINES - (A_PAGE - 1) * EVERY}")
    ben.page.keyboard.press("F3")
    shows(ben, f"Cake for number {LINES - A_PAGE * EVERY}")
    ben.page.keyboard.press("Control+g")
    shows(ben, f"Cake for number {LINES - (A_PAGE + 1) * EVERY}")
    newer = bar.get_by_role("button", name="Newer hit")
    newer.click()
    shows(ben, f"Cake for number {LINES - A_PAGE * EVERY}")
    ben.has_focus_on(newer)
    assert grave_faults(ben.page) == []


def test_another_word_in_the_bar_is_searched_for_anew(ben: Visitor, talk: Seeded) -> None:
    ben.comes(talk.link)
    opens_search(ben).fill("cake")
    ben.page.keyboard.press("Enter")
    bar = walking(ben.page)
    expect(bar).to_contain_text(f"1 of {A_PAGE}+")
    bar.get_by_role("textbox").fill("unicorn")
    ben.page.keyboard.press("Enter")
    shows(ben, "Nobody expects a unicorn here")
    expect(bar).to_contain_text("1 of 1")
    expect(bar.get_by_role("button", name="Older hit")).to_have_attribute("aria-disabled", "true")
    # All results again, as they were.
    bar.get_by_role("button", name="1 of 1").click()
    expect(field(ben.page)).to_have_value("unicorn")
    expect(rows(ben.page)).to_have_count(1)


def first_in_sight(ben: Visitor) -> list[Any]:
    """The message that is the first below the upper edge, and where; what comes below it is not
    counted.
    """
    found: list[Any] = ben.scroller.evaluate(
        """scroller => {
            const top = scroller.getBoundingClientRect().top;
            const lines = [...scroller.querySelectorAll(".message")];
            const tops = lines.map(line => Math.round(line.getBoundingClientRect().top));
            const first = tops.findIndex(each => each >= top);
            return [lines[first].id, tops[first]];
        }"""
    )
    return found


def test_escape_leads_back_to_where_one_was(ben: Visitor, talk: Seeded) -> None:
    ben.comes(talk.link)
    ben.scroller.evaluate("scroller => { scroller.scrollTop = -1500; }")
    assert ben.from_end_px() > 1000
    before = first_in_sight(ben)
    ben.composer.focus()
    finds(ben, "unicorn", "1 result")
    ben.page.keyboard.press("Escape")
    expect(ben.page.locator("dialog.searching")).to_be_hidden()
    ben.has_focus_on(ben.composer)
    assert first_in_sight(ben) == before


def test_escape_in_the_transcript_ends_it_too(ben: Visitor, talk: Seeded) -> None:
    ben.comes(talk.link)
    opens_search(ben).fill("unicorn")
    ben.page.keyboard.press("Enter")
    shows(ben, "Nobody expects a unicorn here")
    ben.message("Nobody expects a unicorn here").focus()
    ben.page.keyboard.press("Escape")
    expect(walking(ben.page)).to_be_hidden()
    expect(ben.message(f"Cake for number {LINES}")).to_be_in_viewport()


def test_a_slash_opens_it_except_where_one_writes(ben: Visitor, talk: Seeded) -> None:
    ben.comes(talk.link)
    ben.types("either/or")
    expect(ben.composer).to_have_value("either/or")
    expect(field(ben.page)).to_have_count(0)
    ben.scroller.focus()
    ben.page.keyboard.press("/")
    expect(field(ben.page)).to_be_focused()
    expect(field(ben.page)).to_have_value("")


def test_arrows_go_through_the_results(ben: Visitor, talk: Seeded) -> None:
    ben.comes(talk.link)
    finds(ben, "cake", f"{A_PAGE}+ results")
    links = rows(ben.page).get_by_role("link")
    ben.page.keyboard.press("ArrowDown")
    ben.has_focus_on(links.nth(0))
    ben.page.keyboard.press("ArrowDown")
    ben.has_focus_on(links.nth(1))
    ben.page.keyboard.press("ArrowUp")
    ben.page.keyboard.press("ArrowUp")
    ben.has_focus_on(field(ben.page))
    ben.page.get_by_role("button", name="More results").click()
    expect(links).to_have_count(CAKES)
    ben.has_focus_on(links.nth(A_PAGE))
    ben.page.keyboard.press("Enter")
    shows(ben, f"Cake for number {LINES - A_PAGE * EVERY}")
    expect(walking(ben.page)).to_contain_text(f"{A_PAGE + 1} of {CAKES}")


def test_the_best_can_come_first(ben: Visitor, oddities: Seeded) -> None:
    ben.comes(oddities.link)
    finds(ben, "a", "1 result")
    best = ben.page.get_by_role("button", name="Best match first")
    with ben.page.expect_request(re.compile("by=relevance")):
        best.click()
    expect(best).to_have_attribute("aria-pressed", "true")
    expect(ben.page.locator(".found")).to_have_attribute("aria-busy", "false")
    rows(ben.page).get_by_role("link").click()
    expect(walking(ben.page).get_by_role("button", name="Next hit")).to_be_visible()


def test_what_was_said_makes_no_markup(ben: Visitor, oddities: Seeded) -> None:
    ben.comes(oddities.link)
    finds(ben, "meringue", "1 result")
    expect(rows(ben.page).locator(".found-words")).to_contain_text(
        '"document.title = 1"> & <b>meringue</b>'
    )
    expect(rows(ben.page).locator("mark")).to_have_text("meringue")
    expect(rows(ben.page).locator("img, b")).to_have_count(0)


@pytest.mark.parametrize(
    ("typed", "hits"),
    [("bold line", ["bold", "line"]), ("haltestelle", ["haltestelle"]), ("権利", ["権利"])],
)
def test_hits_are_marked_in_the_transcript(
    ben: Visitor, oddities: Seeded, typed: str, hits: list[str]
) -> None:
    ben.comes(oddities.link)
    opens_search(ben).fill(typed)
    ben.page.keyboard.press("Enter")
    expect(walking(ben.page)).to_contain_text("1 of 1")
    ben.page.wait_for_function("CSS.highlights.get('found')?.size > 0")
    assert sorted(marked(ben.page)) == hits


def test_a_hit_far_down_in_a_long_text_is_in_sight(ben: Visitor, oddities: Seeded) -> None:
    ben.comes(oddities.link)
    opens_search(ben).fill("end")
    ben.page.keyboard.press("Enter")
    expect(walking(ben.page)).to_contain_text("1 of 1")
    ben.page.wait_for_function(
        """() => {
          const [hit] = CSS.highlights.get("found") ?? [];
          if (!hit) return false;
          const pane = document.getElementById("scroller").getBoundingClientRect();
          const { top, bottom } = hit.getBoundingClientRect();
          return top >= pane.top && bottom <= pane.bottom;
        }"""
    )


# --- what it says ---


def test_fast_typing_asks_seldom_and_for_the_whole_in_the_end(ben: Visitor, talk: Seeded) -> None:
    ben.comes(talk.link)
    box = opens_search(ben)
    asked: list[str] = []
    ben.page.on("request", lambda each: asked.append(each.url) if SEARCH.search(each.url) else None)
    began = ben.measures("performance.now()")
    with ben.page.expect_request(lambda each: "q=nobody+expects+a+unicorn&" in each.url):
        box.press_sequentially("nobody expects a unicorn", delay=20)
    expect(ben.page.locator(".found-status")).to_have_text("1 result")
    passed_ms = ben.measures("performance.now()") - began
    assert len(asked) <= passed_ms / 400 + 2


def test_an_answer_to_what_was_typed_before_is_dropped(ben: Visitor, talk: Seeded) -> None:
    ben.comes(talk.link)
    held: list[Route] = []
    ben.page.route(re.compile(r"/search\?q=unicorn"), lambda route: held.append(route))
    box = opens_search(ben)
    with ben.page.expect_request(re.compile(r"/search\?q=unicorn")):
        box.fill("unicorn")
    box.fill("cake")
    expect(ben.page.locator(".found-status")).to_have_text(f"{A_PAGE}+ results")
    for route in held:
        route.abort()
    ben.may_meet("ERR_FAILED")
    expect(rows(ben.page)).to_have_count(A_PAGE)
    expect(ben.page.locator(".found-status")).to_have_text(f"{A_PAGE}+ results")


def test_nothing_found_says_what_to_try(ben: Visitor, talk: Seeded) -> None:
    ben.comes(talk.link)
    finds(ben, "unheard-of", "Nothing found for “\u2068unheard-of\u2069”.")
    everywhere = ben.page.get_by_role("link", name="search all your conversations")
    assert grave_faults(ben.page) == []
    everywhere.click()
    ben.page.wait_for_url(re.compile(r"/search\?q=unheard-of"))


def test_without_a_network_it_says_so_and_goes_on_with_one(ben: Visitor, talk: Seeded) -> None:
    ben.comes(talk.link)
    finds(ben, "unicorn", "1 result")
    ben.may_meet("ERR_INTERNET_DISCONNECTED", "WebSocket connection")
    ben.context.set_offline(True)
    field(ben.page).fill("cake")
    expect(ben.page.locator(".found-status")).to_contain_text("Searching needs a connection.")
    ben.context.set_offline(False)
    # How many come at first is up to how busy the server is.
    expect(ben.page.locator(".found-status")).to_have_text(re.compile(r"^\d+\+ results$"))


def test_too_many_searches_wait_as_long_as_the_server_says(ben: Visitor, talk: Seeded) -> None:
    ben.comes(talk.link)
    too_many = {"success": False, "code": "rate_limited", "error": "…", "retry_after": 0.7}
    ben.may_meet("429")
    ben.page.route(SEARCH, lambda route: route.fulfill(status=429, json=too_many), times=1)
    box = opens_search(ben)
    ben.measures(
        """() => {
          const dialog = document.querySelector(".searching");
          window.told = [];
          new MutationObserver(() => {
            window.told.push(dialog.querySelector(".found-status")?.textContent);
          }).observe(dialog, { subtree: true, childList: true });
        }"""
    )
    box.fill("unicorn")
    expect(ben.page.locator(".found-status")).to_have_text("1 result")
    assert "Too many searches. This one will continue in 1 second." in ben.measures("window.told")


def test_a_long_search_goes_on_by_itself_until_something_is_found(
    ben: Visitor, talk: Seeded
) -> None:
    ben.comes(talk.link)
    nothing_yet = {"success": True, "results": [], "next_cursor": "t300"}
    held: list[Route] = []
    ben.page.route(SEARCH, lambda route: route.fulfill(json=nothing_yet), times=1)
    ben.page.route(re.compile("cursor=t300"), lambda route: held.append(route), times=1)
    box = opens_search(ben)
    with ben.page.expect_request(re.compile("cursor=t300")):
        box.fill("unicorn")
    expect(ben.page.locator(".found-status")).to_have_text("Searching further back…")
    for route in held:
        route.continue_()
    expect(ben.page.locator(".found-status")).to_have_text("1 result")
    expect(rows(ben.page).locator("mark")).to_have_text("unicorn")


# --- what can be typed ---


def test_an_empty_field_tells_what_can_be_typed(ben: Visitor, talk: Seeded) -> None:
    ben.comes(talk.link)
    box = opens_search(ben)
    expect(box).to_have_attribute("aria-expanded", "true")
    options = ben.page.get_by_role("listbox", name="What you can type").get_by_role("option")
    expect(options).to_have_count(7)
    assert grave_faults(ben.page) == []
    ben.page.keyboard.press("ArrowDown")
    ben.page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", options.nth(1).get_attribute("id") or "")
    ben.page.keyboard.press("Enter")
    expect(box).to_have_value("has:")
    kinds = ben.page.get_by_role("listbox", name="What it has").get_by_role("option")
    expect(kinds).to_have_text(
        ["file a file of any kind", "image a picture", "link a link", re.compile("^reaction ")]
    )
    ben.page.keyboard.type("li")
    expect(kinds).to_have_count(1)
    ben.page.keyboard.press("ArrowDown")
    ben.page.keyboard.press("Enter")
    expect(box).to_have_value("has:link ")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(ben.page.locator(".found-status")).to_contain_text("Nothing found")


def test_names_are_offered_and_quoted_where_they_are_of_several_words(
    ben: Visitor, oddities: Seeded
) -> None:
    ben.comes(oddities.link)
    box = opens_search(ben)
    ben.page.keyboard.type("from:")
    people = ben.page.get_by_role("listbox", name="People").get_by_role("option")
    expect(people.filter(has_text="Byron Bay")).to_be_visible()
    # Nothing is looked for yet, so nothing is missing.
    expect(ben.page.locator(".found-status")).to_have_text("")
    ben.page.keyboard.type("by")
    expect(people).to_have_text(["Byron Bay"])
    # The first Escape closes the list, and the next the search.
    ben.page.keyboard.press("Escape")
    expect(people).to_have_count(0)
    expect(box).to_be_visible()
    box.fill("")
    ben.page.keyboard.type("from:byr")
    people.click()
    expect(box).to_have_value('from:"Byron Bay" ')
    ben.has_focus_on(box)
    expect(ben.page.locator(".found-status")).to_have_text("2 results")
    expect(rows(ben.page).locator(".found-author")).to_have_text(["Byron Bay"] * 2)


def test_days_are_those_of_the_reader(arrive: Arrive, talk: Seeded) -> None:
    # Where it is tomorrow already, or still today: never where the server is.
    ben = arrive("Ben", timezone_id="Pacific/Kiritimati")
    ben.comes(talk.link)
    box = opens_search(ben)
    today = ben.measures(
        "new Intl.DateTimeFormat('sv', { timeZone: 'Pacific/Kiritimati' }).format(new Date())"
    )
    ben.page.keyboard.type("on:")
    days = ben.page.get_by_role("listbox", name="Days").get_by_role("option")
    expect(days.first).to_have_text(f"today {today}")
    with ben.page.expect_request(lambda request: "zone=Pacific%2FKiritimati" in request.url):
        days.first.click()
    expect(box).to_have_value(f"on:{today} ")
    box.fill("before:")
    with ben.page.expect_request(lambda request: "before%3A2020-02-03" in request.url):
        ben.page.get_by_label("Choose a day").fill("2020-02-03")
    expect(box).to_have_value("before:2020-02-03 ")
    expect(ben.page.locator(".found-status")).to_contain_text("Nothing found")


# --- the pages of a search ---


def test_the_page_finds_as_one_types_and_its_results_lead_into_the_search(
    ben: Visitor, talk: Seeded
) -> None:
    ben.comes(talk.link)
    ben.opens("/")
    expect(ben.page.get_by_role("link", name="Search", exact=True)).to_be_visible()
    ben.page.keyboard.press("Control+k")
    ben.page.wait_for_url("**/search")
    box = field(ben.page)
    expect(box).to_be_focused()
    assert grave_faults(ben.page) == []
    box.press_sequentially("unicorn")
    expect(ben.page.locator(".found-status")).to_have_text("1 result")
    expect(rows(ben.page).locator(".found-title")).to_have_text("A long tea")
    assert grave_faults(ben.page) == []
    expect(ben.page).to_have_url(re.compile(r"/search\?q=unicorn&zone=UTC"))
    ben.page.reload()
    expect(rows(ben.page)).to_have_count(1)
    rows(ben.page).get_by_role("link").click()
    shows(ben, "Nobody expects a unicorn here")
    expect(walking(ben.page)).to_contain_text("1 of 1")
    # Who is sent the address is not told what was looked for.
    assert "unicorn" not in ben.page.url
    assert grave_faults(ben.page) == []


@pytest.mark.parametrize("typed", ["cake", "meringue", "line verse", "haltestelle"])
def test_the_server_and_the_page_show_the_same(
    ben: Visitor, talk: Seeded, oddities: Seeded, typed: str
) -> None:
    link = talk.link if typed == "cake" else oddities.link
    ben.comes(link)
    for path in (f"{link}/search", "/search"):
        ben.opens(f"{path}?q={quote(typed)}")
        expect(rows(ben.page).first).to_be_visible()
        rendered = rows(ben.page).evaluate_all("rows => rows.map(row => row.outerHTML)")
        field(ben.page).press("Enter")
        expect(ben.page.locator(".found-status")).to_contain_text("result")
        shown = rows(ben.page).evaluate_all("rows => rows.map(row => row.outerHTML)")
        assert shown == rendered


def test_it_works_without_javascript(arrive: Arrive, talk: Seeded) -> None:
    ben = arrive("Ben", java_script_enabled=False)
    ben.opens(talk.link)
    ben.page.get_by_role("link", name="Search").click()
    ben.page.get_by_label("Search this conversation").fill("cake")
    ben.page.keyboard.press("Enter")
    expect(rows(ben.page)).to_have_count(A_PAGE)
    expect(ben.page.get_by_text("Times and days are in UTC.")).to_be_visible()
    ben.page.get_by_role("link", name="More results").click()
    last = rows(ben.page).filter(has_text=f"Cake for number {EVERY}").last
    last.get_by_role("link").click()
    expect(ben.message(f"Cake for number {EVERY}")).to_be_in_viewport()


# --- on a phone ---


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_a_finger_finds_as_well(arrive: Arrive, talk: Seeded, width: int) -> None:
    ben = arrive("Ben", **{**PHONE, "viewport": {"width": width, "height": 640}})
    ben.comes(talk.link)
    button = ben.page.get_by_role("link", name="Search")
    box = button.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    ben.taps(button)
    field(ben.page).fill("cake")
    expect(rows(ben.page)).to_have_count(A_PAGE)
    assert ben.measures("document.querySelector('.searching').scrollWidth") == width
    ben.taps(rows(ben.page).nth(1).get_by_role("link"))
    shows(ben, f"Cake for number {LINES - EVERY}")
    bar = walking(ben.page)
    if ben.is_by_touch:  # no keyboard comes up over what was found
        expect(bar.get_by_role("textbox")).not_to_be_focused()
    older = bar.get_by_role("button", name="Older hit")
    ben.taps(older)
    shows(ben, f"Cake for number {LINES - 2 * EVERY}")
    expect(bar).to_contain_text(f"3 of {A_PAGE}+")
    assert ben.measures("document.documentElement.scrollWidth") == width
    for each in bar.get_by_role("button").all():
        expect(each).to_be_in_viewport(ratio=0.99)
    ben.taps(bar.get_by_role("button", name="Close the search"))
    expect(bar).to_be_hidden()
    # Back closes the dialog, and does not leave the page.
    ben.taps(button)
    expect(field(ben.page)).to_be_visible()
    ben.page.go_back()
    expect(field(ben.page)).to_be_hidden()
    assert ben.page.url.startswith(talk.link)
