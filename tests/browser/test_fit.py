"""What fits where it stands: whole words, whole titles, and signs on the line they belong to."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.making_files import film
from tests.browser.seeding import Said, Seeding
from tests.browser.test_looks import THEMES
from tests.browser.visitor import PHONE, Visitor

# The lines that the words of each take up.
LINES_OF = """labels => labels.map(label => {
  const range = document.createRange();
  range.selectNodeContents(label);
  return new Set([...range.getClientRects()].map(({top}) => Math.round(top))).size;
})"""
# How far from the beginning of its line each dot between two facts stands.
BEFORE_DOTS_PX = """facts => facts.flatMap(fact => {
  const words = document.createTreeWalker(fact, NodeFilter.SHOW_TEXT);
  const {left} = fact.getBoundingClientRect();
  const before = [];
  while (words.nextNode()) {
    for (const {index} of words.currentNode.data.matchAll("·")) {
      const range = document.createRange();
      range.setStart(words.currentNode, index);
      range.setEnd(words.currentNode, index + 1);
      before.push(range.getBoundingClientRect().left - left);
    }
  }
  return before;
})"""


@pytest.mark.parametrize("width", [320, 1280])
def test_the_days_that_a_search_offers_are_whole_words_in_one_column(
    seeding: Seeding, arrive: Arrive, width: int
) -> None:
    ada = arrive("Ada", viewport={"width": width, "height": 800})
    ada.opens(seeding.conversation(said=[Said("Ben", "Hi")]).link)
    ada.is_connected()
    ada.page.keyboard.press("Control+k")
    ada.page.get_by_role("combobox").fill("on:")
    labels = ada.page.locator(".search-offer-label")
    expect(labels).to_have_text(["today", "yesterday", "this month", "this year"])
    assert labels.evaluate_all(LINES_OF) == [1, 1, 1, 1]
    left = "helps => helps.map(help => Math.round(help.getBoundingClientRect().left))"
    assert len(set(ada.page.locator(".search-offer-help").evaluate_all(left))) == 1


def test_a_short_title_is_whole_on_a_small_phone(seeding: Seeding, arrive: Arrive) -> None:
    ada = arrive("Ada", **PHONE)
    ada.opens(seeding.conversation("Sunday lunch", [Said("Ben", "Hi")]).link)
    ada.is_connected()
    for button in (".bar-home", ".bar-search", "#open-sheet"):
        box = ada.page.locator(button).bounding_box()
        assert box, button
        assert min(box["width"], box["height"]) >= 44, button
    cut = ada.page.locator(".bar-title").evaluate("title => title.scrollWidth - title.clientWidth")
    assert cut <= 0


def test_no_line_of_facts_begins_with_a_dot(seeding: Seeding, arrive: Arrive) -> None:
    seeding.conversation("Dotted facts", [Said("Ada", "Hi"), Said("Ben", "Hi")], listed=True)
    ada = arrive("Ada", **PHONE)
    ada.starts()
    ada.opens("/conversations")
    facts = ada.page.locator(".row-facts")
    expect(facts.last).to_contain_text("started")
    before = facts.evaluate_all(BEFORE_DOTS_PX)
    assert len(before) >= 3  # one of one's own, two of what is listed
    assert min(before) > 1


def test_words_that_a_field_has_no_room_for_end_in_an_ellipsis(arrive: Arrive) -> None:
    ada = arrive("Ada", **PHONE)
    ada.opens("/search")
    field = ada.page.get_by_role("combobox")
    expect(field).to_have_css("text-overflow", "ellipsis")
    field.fill("cake")
    expect(field).to_have_css("text-overflow", "clip")


DOTS_FROM_TIME_PX = """message => {
  const middle = css => {
    const {top, bottom} = message.querySelector(css).getBoundingClientRect();
    return (top + bottom) / 2;
  };
  return Math.abs(middle(".tool.more svg") - middle("time"));
}"""


@pytest.mark.not_in_firefox("it has the pointer that the machine has, whatever Playwright says")
def test_by_touch_the_dots_stand_on_the_line_of_the_name(seeding: Seeding, arrive: Arrive) -> None:
    words = "A message that has no room beside it on a phone, and takes two lines. "
    seeded = seeding.conversation(said=[Said("Ben", words), Said("Cleo", words)], owner="Ada")
    ada = arrive("Ada", **PHONE)
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    expect(ada.messages).to_have_count(2)
    for message in ada.messages.all():
        message.locator(".message-text").tap()
        expect(message.locator(".tool.more")).to_be_visible()
        assert message.evaluate(DOTS_FROM_TIME_PX) < 4


def test_the_panel_has_no_hole_in_it(seeding: Seeding, arrive: Arrive) -> None:
    seeded = seeding.conversation(said=[Said(who, "Hi") for who in ("Ben", "Cleo")], owner="Ada")
    ada = arrive("Ada", viewport={"width": 1280, "height": 800})
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    above = ada.page.get_by_role("button", name="Leave").or_(
        ada.page.get_by_role("link", name="Leave")
    )
    leave, theme = above.bounding_box(), ada.page.locator(".side .theme-picker").bounding_box()
    assert leave
    assert theme
    assert theme["y"] - leave["y"] - leave["height"] <= 32


HAS_A_PICTURE = """video => new Promise(resolve => {
  const look = () => video.readyState >= 2 ? resolve() : setTimeout(look, 20);
  video.preload = "auto";
  look();
})"""


def test_beside_the_talk_of_a_few_the_panel_does_not_scroll(
    seeding: Seeding, arrive: Arrive
) -> None:
    said = [Said(name, "Hello") for name in ("Ben", "Cleo", "Dan")]
    seeded = seeding.conversation(said=said, owner="Ada")
    for who in ("Ada", "Ben"):
        visitor = arrive(who, viewport={"width": 1280, "height": 800})
        visitor.has_session(seeded.tokens[who])
        visitor.opens(seeded.link)
        visitor.is_connected()
        expect(visitor.page.locator("#people .person")).to_have_count(4)
        side = visitor.page.locator(".side")
        assert side.evaluate("side => side.scrollHeight - side.clientHeight") == 0
        expect(visitor.page.get_by_role("link", name="Export…")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [768, 1024, 1280])
def test_of_the_link_in_the_panel_there_is_something_to_see(
    seeding: Seeding, arrive: Arrive, width: int
) -> None:
    seeded = seeding.conversation()
    ada = arrive("Ada", viewport={"width": width, "height": 800})
    ada.opens(seeded.link)
    ada.is_connected()
    field = ada.page.locator("#side .link-field").bounding_box()
    assert field
    assert field["width"] >= 96


@pytest.mark.not_in_firefox("it does as the system has it, whatever Playwright says of colours")
def test_in_forced_colours_a_film_is_seen_behind_its_controls(
    seeding: Seeding, arrive: Arrive
) -> None:
    seeded = seeding.conversation(said=[Said("Ada", "Here")])
    seeding.send_files(seeded, "Ada", "", ("walk.webm", film()))
    ben = arrive("Ben", forced_colors="active", color_scheme="dark")
    ben.opens(seeded.link)
    ben.is_connected()
    video = ben.messages.locator("video")
    video.evaluate(HAS_A_PICTURE)
    for theme in THEMES:
        ben.page.emulate_media(color_scheme=theme, forced_colors="active")
        seen = Image.open(BytesIO(video.screenshot(animations="disabled"))).convert("L")
        width, height = seen.size
        line = seen.crop((8, height - 8, width - 8, height - 7)).tobytes()
        # Grey below the controls: what is black and what is white can be read on it.
        assert all(90 < grey < 150 for grey in line), (theme, line.hex())


def test_a_day_and_hour_in_the_list_of_people_leave_the_button_beside_them(
    seeding: Seeding, arrive: Arrive, ben: Visitor
) -> None:
    seeded = seeding.conversation(owner="Ada")
    ben.comes(seeded.link)
    ben.page.get_by_role("button", name="Leave").click()
    expect(ben.page.get_by_text("You left")).to_be_visible()
    ada = arrive("Ada", **PHONE)
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(f"{seeded.link}/manage")
    row = ada.page.get_by_role("listitem").filter(has_text="left")
    remove = row.get_by_role("button", name="Remove").bounding_box()
    name = row.get_by_text("Ben", exact=True).bounding_box()
    assert remove
    assert name
    assert remove["y"] < name["y"] + name["height"]


def test_who_saw_a_message_stands_on_the_side_of_the_message(
    seeding: Seeding, arrive: Arrive
) -> None:
    seeded = seeding.conversation(said=[Said("Ben", "From Ben")], owner="Ada")
    ada, ben, guest = arrive("Ada"), arrive("Ben"), arrive("Guest")
    for visitor in (ada, ben):
        visitor.has_session(seeded.tokens[visitor.name])
        visitor.opens(seeded.link)
        visitor.is_connected()
    guest.opens(seeded.link)
    expect(guest.page.locator(".seen")).to_have_text("Seen by Ada")
    expect(guest.page.locator(".seen")).to_have_css("text-align", "start")
    expect(ben.page.locator(".seen")).to_have_css("text-align", "end")


def test_the_page_of_an_import_is_as_wide_as_a_small_phone(arrive: Arrive) -> None:
    ada = arrive("Ada", **PHONE)
    ada.opens("/import")
    expect(ada.page.get_by_label("The exported file")).to_be_visible()
    assert ada.measures("[innerWidth, document.documentElement.scrollWidth]") == [320, 320]


# From the end of one to the beginning of the other.
GAP_PX = """([upper, lower]) => document.querySelector(lower).getBoundingClientRect().top
  - document.querySelector(upper).getBoundingClientRect().bottom"""


def test_what_belongs_together_is_close_and_what_does_not_stands_apart(
    seeding: Seeding, arrive: Arrive
) -> None:
    seeded = seeding.conversation(said=[Said("Ben", "Hi")], owner="Ada")
    ada = arrive("Ada")
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    ada.page.get_by_text("Change your name").click()
    expect(ada.page.get_by_label("New name")).to_be_visible()
    assert ada.measures(GAP_PX, [".rename-row", "#leave"]) >= 8
    ada.opens(f"{seeded.link}/manage")
    assert ada.measures(GAP_PX, ["#passphrase", "#passphrase-help"]) <= 8
