"""Reading: following the end, keeping one's place, and going far back."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import Position, Response, expect

from parley.contract import MESSAGE_MAX_CHARS
from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeded, Seeding
from tests.browser.visitor import PHONE, SLOW_MS, Visitor
from tests.servers import process

HISTORY = 350
LOADED_AT_MOST = 300
BEGINNING: Position = {"x": 2, "y": 20}
"""Of a text: the link above the rest of it takes a finger that comes near."""

# Scrolls close to the top, waits until older messages are there and laid out, and gives
# how far what stood at the top of the screen has moved: the distance in pixels.
MOVED_WHILE_OLDER_LOADED = """async () => {
  const scroller = document.querySelector("#scroller");
  const oldest = () => document.querySelector("#items .message")?.dataset.seq;
  const frame = () => new Promise(done => requestAnimationFrame(done));
  scroller.scrollTop = -(scroller.scrollHeight - scroller.clientHeight - 300);
  const top = scroller.getBoundingClientRect().top;
  const anchor = [...document.querySelectorAll("#items .message")]
    .find(message => message.getBoundingClientRect().top > top);
  const [before, first] = [anchor.getBoundingClientRect().top, oldest()];
  while (oldest() === first) await frame();
  await frame();
  await frame();
  return anchor.getBoundingClientRect().top - before;
}"""
LOADED = "document.querySelectorAll('#items .message').length"
TO_THE_TOP = """() => {
  const scroller = document.querySelector("#scroller");
  scroller.scrollTop = -scroller.scrollHeight;
}"""
# With a read that was allowed just before, however long the page took to open.
TO_THE_TOP_AFTER_A_READ = """async address => {
  while (!(await fetch(address)).ok) await new Promise(done => setTimeout(done, 100));
  const scroller = document.querySelector("#scroller");
  scroller.scrollTop = -scroller.scrollHeight;
}"""

TOP_OF_FIRST_VISIBLE = """(() => {
  const top = document.querySelector("#scroller").getBoundingClientRect().top;
  const first = [...document.querySelectorAll("#items .message")]
    .find(message => message.getBoundingClientRect().bottom > top);
  return [first.id, first.getBoundingClientRect().top];
})()"""
SET_VISIBILITY = """state => {
  Object.defineProperty(document, "visibilityState", {configurable: true, get: () => state});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture(scope="module")
def long(seeding: Seeding) -> Seeded:
    """A conversation with far more history than a page loads."""
    said = [
        Said(("Ada", "Ben")[i % 2], f"line {i}" + " and more" * (i % 40)) for i in range(HISTORY)
    ]
    return seeding.conversation("A long one", said)


def line(number: int) -> str:
    return f"line {number}" + " and more" * (number % 40)


def test_at_the_end_new_messages_scroll_into_view(
    seeding: Seeding, long: Seeded, cleo: Visitor
) -> None:
    cleo.opens(long.link)
    cleo.is_connected()
    seeding.say(long, "Ada", "at the end")
    expect(cleo.message("at the end")).to_be_in_viewport()
    cleo.scrolls_by(-60)  # still within 100 px of the end
    cleo.page.wait_for_function("() => document.querySelector('#scroller').scrollTop === -60")
    seeding.say(long, "Ada", "near the end")

    expect(cleo.message("near the end")).to_be_in_viewport()
    expect(cleo.pill).not_to_be_visible()


def test_further_up_the_page_stays_and_a_pill_tells(
    seeding: Seeding, long: Seeded, cleo: Visitor
) -> None:
    cleo.opens(long.link)
    cleo.is_connected()
    title = cleo.page.title()
    cleo.scrolls_by(-900)
    cleo.page.wait_for_function("() => document.querySelector('#scroller').scrollTop === -900")
    first, top = cleo.measures(TOP_OF_FIRST_VISIBLE)

    seeding.say(long, "Ada", "new below")
    expect(cleo.pill).to_have_text("1 new message")
    for i in range(8):
        seeding.say(long, "Ada", f"newer below {i}")
    seeding.say(long, "Ben", "newest below")
    expect(cleo.pill).to_have_text("10 new messages")
    expect(cleo.page).to_have_title(f"(10) {title}")
    still_first, still_top = cleo.measures(TOP_OF_FIRST_VISIBLE)
    assert still_first == first
    # Browsers scroll by whole pixels, and lay text out in parts of them.
    assert abs(still_top - top) <= 1

    cleo.pill.click()
    expect(cleo.message("newest below")).to_be_in_viewport()
    expect(cleo.pill).not_to_be_visible()
    expect(cleo.page).to_have_title(title)


def test_what_came_in_a_hidden_tab_is_counted_and_marked_until_it_is_read(
    seeding: Seeding, cleo: Visitor
) -> None:
    short = seeding.conversation(said=[Said("Ada", "seen")])
    cleo.opens(short.link)
    cleo.is_connected()
    title = cleo.page.title()
    cleo.page.evaluate(SET_VISIBILITY, "hidden")
    seeding.say(short, "Ada", "while away")
    seeding.say(short, "Ada", "and again")
    expect(cleo.page).to_have_title(f"(2) {title}")
    expect(cleo.page.locator("#items .unread + .message")).to_contain_text("while away")

    cleo.page.evaluate(SET_VISIBILITY, "visible")
    expect(cleo.page).to_have_title(title)
    expect(cleo.page.locator(".unread")).to_be_visible()
    cleo.page.evaluate(SET_VISIBILITY, "hidden")
    expect(cleo.page.locator(".unread")).to_have_count(0)


def test_the_whole_history_can_be_read_moves_nothing_and_never_is_on_the_page_at_once(
    long: Seeded, cleo: Visitor
) -> None:
    cleo.opens(long.link)
    cleo.is_connected()
    for _ in range(2):
        assert abs(cleo.measures(MOVED_WHILE_OLDER_LOADED)) < 1
    opening = cleo.page.locator("#opening")
    counts = [cleo.measures(LOADED)]
    while not opening.is_visible():
        oldest = cleo.messages.first.get_attribute("data-seq")
        cleo.page.evaluate(TO_THE_TOP)
        cleo.page.wait_for_function(
            "oldest => document.querySelector('#items .message').dataset.seq !== oldest", arg=oldest
        )
        counts.append(cleo.measures(LOADED))
    cleo.page.evaluate(TO_THE_TOP)

    expect(cleo.message(line(0))).to_be_in_viewport()
    assert max(counts) <= LOADED_AT_MOST, counts
    assert len(counts) >= 2, counts


def _is_history_refused(reply: Response) -> bool:
    return reply.status == 429 and "before=" in reply.url


def test_who_reads_faster_than_they_may_reads_on_by_themselves(
    arrive: Arrive, tmp_path: Path
) -> None:
    """One read fits, and the history has to wait."""
    with process(tmp_path, "--port", "0", environ={"PARLEY_LIMIT_READS": "1/3s address"}) as site:
        with contextlib.closing(Seeding(site.url, tmp_path)) as seeding:
            talk = seeding.conversation(said=[Said("Ada", line(i)) for i in range(150)])
        cleo = arrive("Cleo", url=site.url)
        cleo.may_meet("429")
        cleo.opens(talk.link)
        cleo.is_connected()
        with cleo.page.expect_response(_is_history_refused, timeout=SLOW_MS):
            cleo.page.evaluate(TO_THE_TOP_AFTER_A_READ, f"/api/conversations/{talk.room_id}")
        expect(cleo.page.locator("#m-1")).to_be_attached(timeout=SLOW_MS)
        cleo.goes_home()


def test_a_page_far_back_goes_on_to_the_newest(long: Seeded, cleo: Visitor) -> None:
    cleo.opens(f"{long.link}?at=20#m-20")
    cleo.is_connected()
    expect(cleo.message(line(19))).to_be_in_viewport()
    newest = cleo.page.locator("#newer")
    while newest.is_visible():
        # Read before the scroll: the next page may be there before anything is asked again.
        last = cleo.messages.last.get_attribute("data-seq")
        cleo.page.evaluate("document.querySelector('#scroller').scrollTop = 0")
        cleo.page.wait_for_function(
            """newest => document.querySelector('#newer').hidden
              || [...document.querySelectorAll('#items .message')].at(-1).dataset.seq !== newest""",
            arg=last,
        )
        assert cleo.measures(LOADED) <= LOADED_AT_MOST

    assert int(cleo.messages.last.get_attribute("data-seq") or 0) >= HISTORY


def test_a_messages_own_link_shows_it_marks_it_and_focuses_it(long: Seeded, cleo: Visitor) -> None:
    for address in (f"#m-{HISTORY - 10}", "#m-30", "?at=30#m-30"):
        cleo.opens("about:blank")  # from where every link opens a page
        cleo.opens(long.link + address)
        linked = cleo.page.locator(address[address.index("#") :])
        expect(linked).to_be_in_viewport()
        expect(linked).to_be_focused()
        expect(linked).to_have_class(re.compile("linked"))
        expect(linked).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")
    # From there the arrow keys walk from message to message.
    for key, number in (("ArrowUp", 29), ("ArrowDown", 30), ("ArrowDown", 31)):
        cleo.page.keyboard.press(key)
        expect(cleo.page.locator(f"#m-{number}")).to_be_focused()


@pytest.mark.not_in_firefox("it has the pointer that the machine has")
def test_a_message_whose_time_a_finger_met_is_marked_until_the_next_tap(
    arrive: Arrive, seeding: Seeding
) -> None:
    cleo = arrive("Cleo", **PHONE)
    seeded = seeding.conversation("On a phone", [Said("Ada", "First"), Said("Ben", "Second")])
    cleo.opens(seeded.link)
    cleo.is_connected()
    first, second = cleo.message("First"), cleo.message("Second")
    plain = "rgba(0, 0, 0, 0)"
    first.locator(".message-time").tap()
    expect(first).not_to_have_css("background-color", plain)
    first.locator(".message-text").tap(position=BEGINNING)
    expect(first).not_to_have_css("background-color", plain)
    second.locator(".message-text").tap(position=BEGINNING)
    expect(first).to_have_css("background-color", plain)
    expect(second).to_have_css("background-color", plain)
    # Where it was the last tap, the next link takes the mark along.
    second.locator(".message-time").tap()
    expect(second).not_to_have_css("background-color", plain)
    expect(first).to_have_css("background-color", plain)


def test_a_messages_own_link_shows_it_among_the_longest(seeding: Seeding, cleo: Visitor) -> None:
    said = [Said("Ada", f"{i} ".ljust(MESSAGE_MAX_CHARS, "x")) for i in range(40)]
    cleo.opens(f"{seeding.conversation('A very long one', said).link}")
    cleo.is_connected()
    cleo.measures("location.hash = '#m-5'")

    linked = cleo.page.locator("#m-5")
    expect(linked).to_be_in_viewport(timeout=SLOW_MS)
    expect(linked).to_be_focused()


def test_a_linked_message_near_the_end_stays_where_it_was_shown(
    seeding: Seeding, long: Seeded, cleo: Visitor
) -> None:
    cleo.opens(long.link)
    cleo.is_connected()
    seq = int(cleo.messages.last.get_attribute("data-seq") or 0) - 5
    cleo.page.set_viewport_size({"width": 400, "height": 460})
    cleo.opens(f"{long.link}?near#m-{seq}")
    linked = cleo.page.locator(f"#m-{seq}")
    expect(linked).to_be_focused()
    top = cleo.measures("seq => document.getElementById(`m-${seq}`).offsetTop", seq)
    cleo.is_connected()

    assert cleo.measures("seq => document.getElementById(`m-${seq}`).offsetTop", seq) == top
    expect(linked).to_be_in_viewport(ratio=1)


def test_a_messages_time_is_its_link(ada: Visitor) -> None:
    link = ada.starts()
    ada.says("Quote me")
    ada.message("Quote me").locator(".message-time").click()

    expect(ada.page).to_have_url(f"{link}?at=1#m-1")
    expect(ada.message("Quote me")).to_be_focused()
